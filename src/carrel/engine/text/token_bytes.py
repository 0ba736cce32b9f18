"""The bytes of each token of a vocabulary."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any

from transformers import PreTrainedTokenizerBase
from transformers.convert_slow_tokenizer import bytes_to_unicode

from carrel.core.errors import UnsupportedParameter

WORD_MARK = "\u2581"
"""What SentencePiece writes in place of a space."""

KINDS = ("ByteLevel", "Metaspace", "Replace", "ByteFallback")
OTHERS = ("WordPiece", "BPEDecoder", "CTC")


class TokenBytes:
    """Looks up the bytes of tokens; control tokens have none.

    Supports byte-level BPE (GPT-2's alphabet of 256 characters) and SentencePiece's vocabularies
    (a mark for the space, and tokens such as ``<0x0A>`` for single bytes).

    Raises:
        UnsupportedParameter: the tokenizer is of another kind.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        kinds = set(_decoder_kinds(tokenizer))
        if not kinds & set(KINDS) or kinds & set(OTHERS):
            raise UnsupportedParameter(
                "response_format and top_logprobs cannot be honoured: the model's tokenizer is "
                "neither byte-level BPE nor SentencePiece."
            )
        self._tokenizer = tokenizer
        self._bytes_by_character = (
            {character: byte for byte, character in bytes_to_unicode().items()}  # type: ignore[no-untyped-call]
            if "ByteLevel" in kinds
            else None
        )
        added = tokenizer.added_tokens_decoder
        self._control = {index for index, token in added.items() if token.special}
        self._drops_first_space = (
            self._bytes_by_character is None and self._first_space_is_dropped()
        )

    def __call__(self, token_id: int, *, first: bool = False) -> bytes:
        """Return the token's bytes, as the ``first`` of a text or later.

        Many SentencePiece tokenizers prepend a space to each text, and remove it again.
        """
        if token_id in self._control:
            return b""
        token = self.written(token_id)
        if self._bytes_by_character is not None:
            if all(character in self._bytes_by_character for character in token):
                return bytes(self._bytes_by_character[character] for character in token)
            return token.encode()
        if (byte := _single_byte(token)) is not None:
            return byte
        content = token.replace(WORD_MARK, " ").encode()
        return content.removeprefix(b" ") if first and self._drops_first_space else content

    def written(self, token_id: int) -> str:
        """Return the token as the vocabulary writes it; empty for an id that it does not have."""
        token: Any = self._tokenizer.convert_ids_to_tokens(token_id)
        return str(token or "")

    def table(self, size: int, control: Collection[int]) -> list[bytes]:
        """Return the bytes of the first ``size`` ids, without those of more ``control`` tokens."""
        return [b"" if index in control else self(index) for index in range(size)]

    def _first_space_is_dropped(self) -> bool:
        for index in range(len(self._tokenizer)):
            if self.written(index).startswith(WORD_MARK) and len(self.written(index)) > 1:
                return not str(self._tokenizer.decode([index])).startswith(" ")
        return False


def _single_byte(token: str) -> bytes | None:
    """Return the byte of a token like ``<0x0A>``."""
    if len(token) == len("<0x00>") and token.startswith("<0x") and token.endswith(">"):
        return bytes.fromhex(token[3:5])
    return None


def _decoder_kinds(tokenizer: PreTrainedTokenizerBase) -> Iterator[str]:
    """Yield the types of the decoder's steps; nothing for a tokenizer written in Python."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None or backend.decoder is None:
        return
    decoder = json.loads(backend.decoder.__getstate__())
    for step in decoder.get("decoders", [decoder]):
        yield str(step["type"])
