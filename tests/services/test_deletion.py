"""What is deleted leaves no trace in the files of the data folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from carrel.bootstrap import Application
from carrel.core.access import Principal
from carrel.core.indexed_text import indexed_text
from carrel.core.protocols.adapters import Embedder
from carrel.settings.schema import Settings
from running.shared_readers import build
from texts import ingest_texts

ME = Principal()
MARKER = "Quoxblenthirane"
SECRET = f"The {MARKER} is kept in the third drawer."
STEM = MARKER.lower()[:10]
"""What a stemmer leaves of the marker at least."""


def traces(folder: Path, document_id: str, vector: list[float]) -> set[str]:
    """Return what of a document is in the files of a folder, and in which of them."""
    found: set[str] = set()
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        content = path.read_bytes()
        where = path.relative_to(folder).as_posix()
        if document_id.encode() in content or document_id in where:
            found.add(f"id in {where}")
        if STEM.encode() in content.lower():
            found.add(f"text in {where}")
        if holds_vector(content, np.asarray(vector, dtype="<f4")):
            found.add(f"vector in {where}")
    return found


def holds_vector(content: bytes, vector: np.ndarray) -> bool:
    """Whether the bytes contain the numbers at any offset, except for rounding."""
    for start in range(4):
        usable = (len(content) - start) // 4 * 4
        numbers = np.frombuffer(content[start : start + usable], dtype="<f4")
        if len(numbers) < len(vector):
            continue
        near = np.ones(len(numbers) - 7, dtype=bool)
        for place in range(8):
            with np.errstate(invalid="ignore", over="ignore"):
                distance = np.abs(numbers[place : len(numbers) - 7 + place] - vector[place])
                near &= distance < 1e-5
        if near.any():
            return True
    return False


async def filled(
    settings: Settings, embedder: Embedder, others: int
) -> tuple[Application, str, list[float]]:
    """Return an application with a secret document in a collection of its own, and its vector."""
    application = build(settings, embedder)
    await application.services.collections.create("Secrets", True, ME)
    texts = {f"{number}.txt": f"Harmless text {number}." for number in range(others)}
    ids = await ingest_texts(application, {"s.txt": SECRET} | texts, "Secrets")
    await ingest_texts(application, {"kept.txt": "The ferry is called Heron."})
    embedded = indexed_text_of("s.txt", SECRET)
    return application, ids["s.txt"], embedder.embed_documents([embedded])[0]


def indexed_text_of(name: str, text: str) -> str:
    return indexed_text(name, None, text)


@pytest.mark.parametrize("db_type", ["chroma", "faiss"])
@pytest.mark.parametrize("others", [0, 3])
async def test_nothing_of_a_deleted_document_is_left(
    make_settings: Callable[..., Settings], embedder: Embedder, db_type: str, others: int
) -> None:
    settings = make_settings(engine="scripted", db_type=db_type)
    folder = settings.storage.db_dir
    application, document_id, vector = await filled(settings, embedder, others)
    await application.close()
    kinds = {each.split()[0] for each in traces(folder, document_id, vector)}
    assert kinds == {"id", "text", "vector"}, "the search for traces finds them"

    application = build(settings, embedder)
    await application.services.collections.delete_document("Secrets", document_id, ME)
    await application.close()
    left = traces(folder, document_id, vector)
    if db_type == "chroma" and others:
        # Its graph is rebuilt when the store is opened.
        assert left
        assert {each.split()[0] for each in left} <= {"id", "vector"}
        assert all(each.split()[2].startswith("chroma/") for each in left)
    else:
        assert left == set()
    application = build(settings, embedder)
    assert (
        application.indexes.vectors.count(
            (await application.services.collections.get("Secrets", ME)).id
        )
        == others
    )
    await application.close()
    assert traces(folder, document_id, vector) == set()


@pytest.mark.parametrize("db_type", ["chroma", "faiss"])
async def test_nothing_of_a_deleted_collection_is_left(
    make_settings: Callable[..., Settings], embedder: Embedder, db_type: str
) -> None:
    settings = make_settings(engine="scripted", db_type=db_type)
    application, document_id, vector = await filled(settings, embedder, 3)
    await application.services.collections.delete("Secrets", ME)
    await application.close()
    assert traces(settings.storage.db_dir, document_id, vector) == set()


class KilledError(Exception):
    """Represents the end of the process."""


@pytest.mark.parametrize("db_type", ["chroma", "faiss"])
@pytest.mark.parametrize("index", ["keywords", "vectors"])
async def test_a_collection_whose_deletion_was_cut_off_goes_with_the_next_start(
    make_settings: Callable[..., Settings],
    embedder: Embedder,
    monkeypatch: pytest.MonkeyPatch,
    db_type: str,
    index: str,
) -> None:
    def killed(_collection_id: str) -> None:
        raise KilledError

    settings = make_settings(engine="scripted", db_type=db_type)
    application, document_id, vector = await filled(settings, embedder, 3)
    monkeypatch.setattr(getattr(application.indexes, index), "delete_collection", killed)
    with pytest.raises(KilledError):
        await application.services.collections.delete("Secrets", ME)
    await application.close()
    kinds = {each.split()[0] for each in traces(settings.storage.db_dir, document_id, vector)}
    assert {"id", "vector"} <= kinds
    await build(settings, embedder).close()
    assert traces(settings.storage.db_dir, document_id, vector) == set()


@pytest.mark.parametrize("db_type", ["chroma", "faiss"])
async def test_while_it_runs_no_text_of_a_deleted_document_is_left_outside_the_word_index(
    make_settings: Callable[..., Settings], embedder: Embedder, db_type: str
) -> None:
    settings = make_settings(engine="scripted", db_type=db_type)
    application, document_id, vector = await filled(settings, embedder, 3)
    await application.services.collections.delete_document("Secrets", document_id, ME)
    left = traces(settings.storage.db_dir, document_id, vector)
    await application.close()
    # Chroma's graphs hold whatever was in memory until the store is closed.
    texts = {each for each in left if each.startswith("text") and not each.endswith(".bin")}
    assert texts <= {"text in keyword.db"}
