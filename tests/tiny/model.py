"""A causal language model of 60,000 random weights with a tokenizer of its own, as a folder.

It is a real model to transformers, writes nonsense, and answers in milliseconds.
"""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

CONTEXT = 256
CORPUS = (
    "A small library keeps its books on long shelves. Who reads there may take a desk, a lamp and "
    "some paper. Ein Café in Zürich, señor, naïve; 東京の図書館 🦜🦜. 0123456789 <human>: <bot>:"
)
TEMPLATE = (
    "{% for message in messages %}<|start|>{{ message['role'] }}\n{{ message['content'] }}<|end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|start|>assistant\n{% endif %}"
)


def tiny_tokenizer(
    template: str | None = TEMPLATE, start: str = "<|start|>", end: str = "<|end|>"
) -> PreTrainedTokenizerFast:
    """Return a byte-level BPE tokenizer with two control tokens, numbers 0 and 1."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=[start, end],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([CORPUS], trainer)
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=start, eos_token=end)
    if template is not None:
        wrapped.chat_template = template
    return wrapped


def tiny_model(vocabulary: int, hidden: int = 32) -> LlamaForCausalLM:
    """Return the random model; the seed makes it the same one every time."""
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=hidden,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=CONTEXT,
        bos_token_id=0,
        eos_token_id=1,
        initializer_range=0.3,
    )
    with torch.random.fork_rng():
        torch.manual_seed(7)
        return LlamaForCausalLM(config)


def save_tiny_model(folder: Path, template: str | None = TEMPLATE, hidden: int = 32) -> Path:
    """Write model and tokenizer into the folder and return it."""
    tokenizer = tiny_tokenizer(template)
    tiny_model(len(tokenizer), hidden).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
