"""Deleted vectors in Chroma's files, and how they go."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from carrel.core.documents import Chunk
from carrel.index.chroma import chroma_cleaning
from carrel.index.chroma.chroma import ChromaIndex
from carrel.index.chroma.chroma_cleaning import COPY, Deletions, is_due, wipe_unused

REPORTS = "creports"
LENGTH = 16


def vectors_of(seed: int, count: int) -> np.ndarray:
    made = np.random.default_rng(seed).normal(size=(count, LENGTH)).astype("<f4")
    return made / np.linalg.norm(made, axis=1, keepdims=True)


def add(index: ChromaIndex, document_id: str, vectors: np.ndarray) -> None:
    chunks = [
        Chunk(f"{document_id}-{ordinal}", document_id, ordinal, "text")
        for ordinal in range(len(vectors))
    ]
    index.add(REPORTS, chunks, list(vectors))


def holds(folder: Path, content: bytes) -> bool:
    return any(content in each.read_bytes() for each in folder.rglob("*") if each.is_file())


def filled(folder: Path) -> tuple[ChromaIndex, np.ndarray, bytes]:
    """Return a store whose graph is on the disk, what is to stay, and bytes of what is to go."""
    index = ChromaIndex(folder)
    kept, secret = vectors_of(1, 700), vectors_of(2, 700)
    add(index, "secret", secret)
    add(index, "kept", kept)
    [graph] = folder.glob("*/data_level0.bin")
    stored = graph.read_bytes()
    # As the graph has it: a vector of length 1, but for rounding.
    numbers = np.frombuffer(stored[: len(stored) // 4 * 4], dtype="<f4")
    [place] = np.flatnonzero(np.abs(numbers - secret[5][0]) < 1e-7)[:1]
    return index, kept, numbers[place : place + LENGTH].tobytes()


def test_deleted_vectors_are_gone_when_the_store_is_opened_again(tmp_path: Path) -> None:
    index, kept, secret = filled(tmp_path)
    index.delete_documents(REPORTS, ["secret"])
    index.close()
    assert holds(tmp_path, secret)
    again = ChromaIndex(tmp_path)
    assert again.count(REPORTS) == 700
    assert again.document_ids(REPORTS) == {"kept"}
    for number in (0, 350, 699):
        [(found, cosine)] = again.search(REPORTS, kept[number].tolist(), 1)
        assert (found, round(cosine, 4)) == (f"kept-{number}", 1)
    again.close()
    assert not holds(tmp_path, secret)
    assert not holds(tmp_path, b"secret")
    assert Deletions(tmp_path).counts() == {}


def test_the_last_document_takes_the_graph_along(tmp_path: Path) -> None:
    index, _, secret = filled(tmp_path)
    index.delete_documents(REPORTS, ["kept", "secret"])
    assert not list(tmp_path.glob("*/data_level0.bin"))
    index.close()
    assert not holds(tmp_path, secret)
    assert not holds(tmp_path, b"secret")


def test_a_copy_that_was_interrupted_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, _, secret = filled(tmp_path)
    index.delete_documents(REPORTS, ["secret"])
    index.close()

    def stopped(source: object, target: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("carrel.index.chroma.chroma.copy_rows", stopped)
        ChromaIndex(tmp_path)
    again = ChromaIndex(tmp_path)
    assert again.count(REPORTS) == 700
    assert again.count(REPORTS + COPY) == 0
    again.close()
    assert not holds(tmp_path, secret)


def test_a_whole_copy_takes_the_place_of_a_dropped_original(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, _, secret = filled(tmp_path)
    index.delete_documents(REPORTS, ["secret"])
    index.close()

    def stopped(self: ChromaIndex, collection_id: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(ChromaIndex, "_finish_copy", stopped)
        ChromaIndex(tmp_path)
    again = ChromaIndex(tmp_path)
    assert again.count(REPORTS) == 700
    again.close()
    assert not holds(tmp_path, secret)


def test_a_large_graph_waits_until_a_tenth_of_it_is_deleted() -> None:
    small = chroma_cleaning.SMALL
    assert not is_due(0, 5)
    assert is_due(1, small)
    assert not is_due(1, small + 1)
    assert is_due(small, small * 9)
    assert not is_due(small, small * 9 + 1)


def test_files_of_another_form_are_left_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "data_level0.bin").write_bytes(b"x" * 100)
    wipe_unused(tmp_path)
    (tmp_path / "header.bin").write_bytes(b"\2" * chroma_cleaning.HEADER.size)
    wipe_unused(tmp_path)
    assert (tmp_path / "data_level0.bin").read_bytes() == b"x" * 100
