"""A small tokenizer of SentencePiece's kind: a mark for the space, and tokens for single bytes."""

from __future__ import annotations

from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

LETTERS = 'abcdefghijklmnopqrstuvwxyzABCXYZ0123456789.,:;-"{}[]\\é'
WORDS = ("the", "▁the", "▁lib", "rary", "▁a", "name", "tags", '":', "▁{", "ll")


def metaspace_tokenizer() -> PreTrainedTokenizerFast:
    """Return a tokenizer as Llama 2 and Mistral have one; it drops the space before a text."""
    pieces = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    pieces += [*LETTERS, "▁", *WORDS]
    scores = [(piece, -float(20 - len(piece))) for piece in pieces]
    tokenizer = Tokenizer(models.Unigram(scores, unk_id=0, byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", bos_token="<s>", eos_token="</s>"
    )
