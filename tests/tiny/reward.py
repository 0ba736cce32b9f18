"""Two random reward models of a few thousand weights, as folders.

One is an encoder over a pair of texts, as OpenAssistant's; the other a decoder with a chat
template.
"""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    DebertaV2Config,
    DebertaV2ForSequenceClassification,
    LlamaConfig,
    LlamaForSequenceClassification,
    PreTrainedTokenizerFast,
)

from tiny.model import CORPUS, tiny_tokenizer

PAIR_CONTEXT = 64
CHAT_CONTEXT = 128


def pair_tokenizer() -> PreTrainedTokenizerFast:
    """Return a byte-level tokenizer that writes a pair as [CLS] question [SEP] answer [SEP]."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=["[PAD]", "[CLS]", "[SEP]"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([CORPUS], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 1), ("[SEP]", 2)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=PAIR_CONTEXT,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )


def save_pair_reward(folder: Path, labels: int = 1) -> Path:
    """Write a DeBERTa reward model into the folder and return it."""
    tokenizer = pair_tokenizer()
    config = DebertaV2Config(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=PAIR_CONTEXT,
        relative_attention=True,
        position_buckets=16,
        norm_rel_ebd="layer_norm",
        share_att_key=True,
        pos_att_type=["p2c", "c2p"],
        position_biased_input=False,
        type_vocab_size=0,
        initializer_range=0.5,
        pad_token_id=0,
        num_labels=labels,
    )
    with torch.random.fork_rng():
        torch.manual_seed(3)
        DebertaV2ForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def save_chat_reward(folder: Path) -> Path:
    """Write a Llama reward model, whose tokenizer has a chat template, and return its folder."""
    tokenizer = tiny_tokenizer()
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=CHAT_CONTEXT,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=0,
        initializer_range=0.3,
        num_labels=1,
    )
    with torch.random.fork_rng():
        torch.manual_seed(4)
        LlamaForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
