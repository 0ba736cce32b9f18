"""Tiny random causal models of the architectures that people bring, to test loading and batching.

``ARCHITECTURES`` maps a name to a function that takes the vocabulary's size and returns the model
in evaluation mode, in float32, the same weights every time. ``save_architecture(folder, name)``
writes such a model with its tokenizer and returns the folder. The names:

* ``llama``, ``mistral`` (sliding window of 32 tokens), ``mixtral`` (experts), ``qwen2``, ``qwen3``,
  ``gemma2``, ``gemma3``, ``phi``, ``phi3``, ``olmo2``, ``gpt2``
* ``gpt_neox``: h2oGPT 12B and 20B
* ``falcon``: h2oGPT 40B (the new decoder architecture); ``falcon_7b``: multi-query attention
* ``bloom``, ``mpt``: positions by ALiBi
* ``danube2`` (Mistral layout) and ``danube3`` (Llama layout): H2O-Danube with its chat template

Every model takes 256 tokens and has two layers; ``gemma2`` and ``gemma3`` alternate a sliding
window with full attention.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

from tiny.model import CONTEXT, tiny_tokenizer

WINDOW = 32
"""Tokens of sliding attention, few enough that a test's prompt is longer."""

DANUBE_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] == 'user' %}{{ '<|prompt|>' + message['content'] + eos_token }}"
    "{% elif message['role'] == 'system' %}{{ raise_exception('System role not supported') }}"
    "{% elif message['role'] == 'assistant' %}{{ '<|answer|>' + message['content'] + eos_token }}"
    "{% endif %}"
    "{% if loop.last and add_generation_prompt %}{{ '<|answer|>' }}{% endif %}"
    "{% endfor %}"
)
"""What H2O-Danube2 and 3 are published with: no system role."""

SHAPE = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": CONTEXT,
    "initializer_range": 0.3,
}
GROUPED = SHAPE | {"num_key_value_heads": 2}
GEMMA = GROUPED | {
    "head_dim": 8,
    "sliding_window": WINDOW,
    "layer_types": ["sliding_attention", "full_attention"],
    "query_pre_attn_scalar": 8,
    # Tied to the embeddings, which these models scale up, random weights repeat their last token.
    "tie_word_embeddings": False,
}

CONFIGURATIONS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "llama": ("llama", GROUPED),
    "mistral": ("mistral", GROUPED | {"sliding_window": WINDOW}),
    "mixtral": (
        "mixtral",
        GROUPED | {"num_local_experts": 4, "num_experts_per_tok": 2, "sliding_window": None},
    ),
    "qwen2": ("qwen2", GROUPED),
    "qwen3": ("qwen3", GROUPED | {"head_dim": 8}),
    "gemma2": ("gemma2", GEMMA),
    "gemma3": ("gemma3_text", GEMMA),
    "phi": ("phi", SHAPE),
    "phi3": ("phi3", GROUPED),
    "olmo2": ("olmo2", GROUPED),
    "gpt2": (
        "gpt2",
        {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": CONTEXT, "initializer_range": 0.3},
    ),
    "gpt_neox": ("gpt_neox", SHAPE | {"rotary_pct": 0.25}),
    "falcon": (
        "falcon",
        SHAPE | {"new_decoder_architecture": True, "num_kv_heads": 2, "alibi": False},
    ),
    "falcon_7b": (
        "falcon",
        SHAPE | {"new_decoder_architecture": False, "multi_query": True, "alibi": False},
    ),
    "bloom": (
        "bloom",
        {"hidden_size": 32, "n_layer": 2, "n_head": 4, "seq_length": CONTEXT}
        | {"initializer_range": 0.3},
    ),
    "mpt": (
        "mpt",
        {"d_model": 32, "n_heads": 4, "n_layers": 2, "max_seq_len": CONTEXT}
        | {"initializer_range": 0.3},
    ),
    "danube2": ("mistral", GROUPED | {"sliding_window": None}),
    "danube3": ("llama", GROUPED),
}


def build(model_type: str, shape: dict[str, Any], vocabulary: int) -> PreTrainedModel:
    """Return the random model; the seed makes it the same one every time."""
    config = AutoConfig.for_model(
        model_type,
        vocab_size=vocabulary,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
        **shape,
    )
    with torch.random.fork_rng():
        torch.manual_seed(7)
        model: PreTrainedModel = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    return model.eval()


ARCHITECTURES: Mapping[str, Callable[[int], PreTrainedModel]] = MappingProxyType(
    {name: partial(build, *configuration) for name, configuration in CONFIGURATIONS.items()}
)


def save_architecture(folder: Path, name: str) -> Path:
    """Write model and tokenizer of ``ARCHITECTURES[name]`` into the folder and return it."""
    danube = name.startswith("danube")
    tokenizer = tiny_tokenizer(DANUBE_TEMPLATE, "<s>", "</s>") if danube else tiny_tokenizer()
    ARCHITECTURES[name](len(tokenizer)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
