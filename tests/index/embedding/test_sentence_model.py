"""Embedders and rerankers whose files are damaged or lack weights are refused, not random."""

from __future__ import annotations

from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from carrel.core.documents import Chunk, RetrievedChunk
from carrel.core.errors import ModelLoadFailed
from carrel.index.embedding.cross_encoder import CrossEncoderReranker
from carrel.index.embedding.embedder import SentenceTransformerEmbedder
from tiny.cross_encoder import save_tiny_cross_encoder
from tiny.embedder import save_tiny_embedder


def drop(folder: Path, ending: str) -> None:
    """Remove the tensors of a name from a model's file."""
    file = folder / "model.safetensors"
    kept = {name: t for name, t in load_file(file).items() if not name.endswith(ending)}
    assert len(kept) < len(load_file(file))
    save_file(kept, file, metadata={"format": "pt"})


@pytest.mark.parametrize("rotary", [False, True])
def test_an_embedder_without_a_matrix_is_refused(tmp_path: Path, rotary: bool) -> None:
    folder = save_tiny_embedder(tmp_path, rotary=rotary)
    assert SentenceTransformerEmbedder(str(folder), offline=True).embed_query("books")
    drop(folder, "Wo.weight" if rotary else "attention.self.query.weight")
    with pytest.raises(ModelLoadFailed, match="has no weights for") as raised:
        SentenceTransformerEmbedder(str(folder), offline=True).embed_query("books")
    assert "\n" not in str(raised.value)


def test_an_embedder_needs_no_pooler(tmp_path: Path) -> None:
    folder = save_tiny_embedder(tmp_path)
    drop(folder, "pooler.dense.weight")
    assert SentenceTransformerEmbedder(str(folder), offline=True).embed_query("books")


PASSAGE = RetrievedChunk(Chunk("c", "d", 0, "Books lie on shelves."), "a.txt", "C", 0.5)


@pytest.mark.parametrize("lost", ["classifier.weight", "bert.pooler.dense.weight"])
def test_a_reranker_without_its_head_is_refused(tmp_path: Path, lost: str) -> None:
    folder = save_tiny_cross_encoder(tmp_path)
    assert CrossEncoderReranker(str(folder), offline=True).scores("books", [PASSAGE])
    drop(folder, lost)
    with pytest.raises(ModelLoadFailed, match=f"has no weights for {lost}"):
        CrossEncoderReranker(str(folder), offline=True).scores("books", [PASSAGE])


def test_damaged_weights_are_refused_by_kind_name_and_folder(tmp_path: Path) -> None:
    embedder = save_tiny_embedder(tmp_path / "embedder")
    reranker = save_tiny_cross_encoder(tmp_path / "reranker")
    for folder in (embedder, reranker):
        (folder / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(ModelLoadFailed) as raised:
        SentenceTransformerEmbedder(str(embedder), offline=True).embed_query("books")
    assert str(raised.value).startswith(f"Embedder {embedder} cannot be loaded from {embedder}: ")
    with pytest.raises(ModelLoadFailed) as raised:
        CrossEncoderReranker(str(reranker), offline=True).scores("books", [PASSAGE])
    assert str(raised.value).startswith(f"Reranker {reranker} cannot be loaded from {reranker}: ")
