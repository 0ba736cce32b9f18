"""The tiny model as a GGUF file, for llama.cpp."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch

from tiny.model import TEMPLATE, tiny_model, tiny_tokenizer

BLOCK = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}
OUTSIDE = {
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
}

Q8_0 = gguf.GGMLQuantizationType.Q8_0


def save_tiny_gguf(path: Path, template: str | None = TEMPLATE, *, quantized: bool = False) -> Path:
    """Write the model of ``tiny_model`` with its tokenizer and return the path.

    Its weights are float32; ``quantized``, its matrices are in blocks of 8 bits (Q8_0).
    """
    tokenizer = tiny_tokenizer(template)
    model = tiny_model(len(tokenizer))
    writer = gguf.GGUFWriter(path, "llama")
    _write_configuration(writer, model.config)
    _write_tokenizer(writer, json.loads(tokenizer.backend_tokenizer.to_str()))
    if template is not None:
        writer.add_chat_template(template)
    for name, weight in model.state_dict().items():
        values = _permuted(name, weight, model.config)
        if quantized and values.ndim == 2:
            blocks = gguf.quants.quantize(values, Q8_0)
            writer.add_tensor(_tensor_name(name), blocks, raw_dtype=Q8_0)
        else:
            writer.add_tensor(_tensor_name(name), values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _write_configuration(writer: gguf.GGUFWriter, config: Any) -> None:
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_rope_dimension_count(config.hidden_size // config.num_attention_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)


def _write_tokenizer(writer: gguf.GGUFWriter, tokenizer: dict[str, Any]) -> None:
    vocabulary = tokenizer["model"]["vocab"]
    control = {each["content"] for each in tokenizer["added_tokens"] if each["special"]}
    tokens = sorted(vocabulary, key=vocabulary.__getitem__)
    kinds = (gguf.TokenType.NORMAL, gguf.TokenType.CONTROL)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([kinds[token in control] for token in tokens])
    writer.add_token_merges([" ".join(pair) for pair in tokenizer["model"]["merges"]])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_add_bos_token(False)


def _tensor_name(name: str) -> str:
    if name in OUTSIDE:
        return OUTSIDE[name]
    _, _, layer, rest = name.split(".", 3)
    return f"blk.{layer}.{BLOCK[rest.removesuffix('.weight')]}.weight"


def _permuted(name: str, weight: torch.Tensor, config: Any) -> np.ndarray:
    """Bring queries and keys into llama.cpp's order: it rotates neighbours, not halves."""
    values = weight.detach().float().numpy()
    if "q_proj" not in name and "k_proj" not in name:
        return values
    heads = config.num_attention_heads if "q_proj" in name else config.num_key_value_heads
    halves = values.reshape(heads, 2, values.shape[0] // heads // 2, values.shape[1])
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(values.shape))
