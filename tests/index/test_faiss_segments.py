"""FAISS above its flat limit: what is in files, what is found, and what the files forget."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from carrel.core.documents import Chunk
from carrel.core.errors import StorageFull
from carrel.index.faiss import centroids, collection_index
from carrel.index.faiss.faiss import FaissIndex
from carrel.index.faiss.segment_files import SegmentFiles
from running.faiss_segments import (
    CHUNKS,
    COLLECTION,
    LIMIT,
    VECTORS,
    Opener,
    directions,
    fill,
    misses,
    nearest_in_files,
    numbers_in,
    segments,
    vectors_in,
)


def test_up_to_the_limit_there_are_no_files(open_index: Opener, folder: Path) -> None:
    index = open_index()
    fill(index, 0, LIMIT)
    index.settle()
    assert segments(folder) == set()
    fill(index, LIMIT, LIMIT + 1)
    index.settle()
    assert len(segments(folder)) == 1
    assert misses(index, range(LIMIT + 1)) == []


def test_files_are_read_and_not_made_again_at_the_next_start(
    filled: FaissIndex, open_index: Opener, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = segments(folder)
    filled.close()
    monkeypatch.setattr(centroids, "train", None)
    monkeypatch.setattr(SegmentFiles, "write", None)
    index = open_index()
    assert misses(index, range(650)) == []
    index.settle()
    assert segments(folder) == before


def test_what_is_added_goes_into_further_files_once_it_is_worth_one(
    open_index: Opener, folder: Path
) -> None:
    index = open_index()
    for begin in range(0, 1200, 60):
        fill(index, begin, begin + 60)
        index.settle()
    assert len(segments(folder)) > 3
    held = [set(numbers_in(path)) for path in segments(folder)]
    assert len(set().union(*held)) == sum(map(len, held)) > 1200 - LIMIT // 2
    assert misses(index, range(1200)) == []


def test_an_outgrown_codebook_is_trained_again(open_index: Opener, folder: Path) -> None:
    index = open_index()
    fill(index, 0, 301)
    index.settle()
    fill(index, 301, 1200)
    index.settle()
    vectors = directions(1300, seed=2)
    many = [Chunk(f"more {row}", "more", row, "text") for row in range(len(vectors))]
    index.add(COLLECTION, many, vectors.tolist())
    index.settle()
    with closing(sqlite3.connect(folder / "vectors.db")) as connection:
        rows = connection.execute("SELECT trained_on FROM segment ORDER BY first").fetchall()
    assert [row[0] for row in rows] == [301, 301, 2500]
    assert misses(index, range(1200)) == []


def test_searching_adding_and_deleting_continue_while_a_file_is_made(
    open_index: Opener, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, resume = threading.Event(), threading.Event()
    write = SegmentFiles.write

    def write_when_resumed(*arguments: Any) -> Any:
        begun.set()
        assert resume.wait(60)
        return write(*arguments)

    monkeypatch.setattr(SegmentFiles, "write", write_when_resumed)
    index = open_index()
    fill(index, 0, 400)
    assert begun.wait(60)
    with ThreadPoolExecutor(1) as other:
        assert other.submit(misses, index, range(400)).result(60) == []
        fill(index, 400, 410)
        index.delete_documents(COLLECTION, ["d3"])
        assert segments(folder) == set()
        resume.set()
        # Whatever is made meanwhile, no search may miss a thing.
        while index._worker is not None:
            assert other.submit(misses, index, range(40, 60)).result(60) == []
    assert len(segments(folder)) == 1
    assert misses(index, range(30)) + misses(index, range(40, 410)) == []
    assert nearest_in_files(folder, VECTORS[45]) > 0.999
    assert nearest_in_files(folder, VECTORS[35]) < 0.999


def test_nothing_of_a_deleted_document_is_left_in_the_files(
    open_index: Opener, folder: Path
) -> None:
    index = open_index()
    # Far from all others, so that it might have become the center of a list.
    secret = -VECTORS[:599].mean(axis=0)
    secret /= np.linalg.norm(secret)
    # Before there is a file, so that the first is trained with it, whenever that is made.
    index.add(COLLECTION, [Chunk("secret", "secret", 0, "text")], [secret.tolist()])
    fill(index, 0, 599)
    index.settle()
    fill(index, 0, 150)
    index.settle()
    held = sum(vectors_in(path).shape[0] for path in segments(folder))
    assert nearest_in_files(folder, secret) > 0.999, "it is found while it is there"
    index.delete_documents(COLLECTION, ["secret"])
    assert nearest_in_files(folder, secret) < 0.9
    assert sum(vectors_in(path).shape[0] for path in segments(folder)) == held - 1
    assert index.search(COLLECTION, secret.tolist(), 1)[0][0] != "secret"
    index.delete_collection(COLLECTION)
    assert segments(folder) == set()


def test_replaced_vectors_leave_the_files(filled: FaissIndex, folder: Path) -> None:
    former = VECTORS[120]
    assert nearest_in_files(folder, former) > 0.999
    filled.add(COLLECTION, [CHUNKS[120]], [(-former).tolist()])
    found = filled.search(COLLECTION, former.tolist(), 650)
    assert len(found) == 650
    assert found[-1] == (CHUNKS[120].id, pytest.approx(-1.0, abs=1e-5))
    filled.settle()
    assert nearest_in_files(folder, former) < 0.999


def test_replaced_vectors_do_not_crowd_out_others_while_the_files_hold_them(
    filled: FaissIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> Any:
        raise StorageFull("The disk is full.")

    monkeypatch.setattr(SegmentFiles, "write", full)
    query = VECTORS[0]
    ranked = [int(row) for row in np.argsort(-(VECTORS[:600] @ query))]
    crowd = collection_index.CANDIDATES + 50
    replaced = [*ranked[:crowd], *range(600, 650)]
    far = [(-query).tolist()] * len(replaced)
    filled.add(COLLECTION, [CHUNKS[row] for row in replaced], far)
    found = filled.search(COLLECTION, query.tolist(), 5)
    assert [name for name, _ in found] == [CHUNKS[row].id for row in ranked[crowd : crowd + 5]]


def test_a_collection_that_shrinks_to_half_the_limit_is_flat_again(
    filled: FaissIndex, folder: Path
) -> None:
    filled.delete_documents(COLLECTION, [f"d{number}" for number in range(15, 49)])
    assert len(segments(folder)) == 1
    filled.delete_documents(COLLECTION, [f"d{number}" for number in range(49, 65)])
    assert segments(folder) == set()
    assert misses(filled, range(150)) == []
    assert len(filled.search(COLLECTION, VECTORS[0].tolist(), 1000)) == 150


@pytest.mark.parametrize("exact_rows", [0, 2_000], ids=["in the files", "in the database"])
def test_a_restricted_search_is_exact_however_far_the_documents_are(
    filled: FaissIndex, monkeypatch: pytest.MonkeyPatch, exact_rows: int
) -> None:
    monkeypatch.setattr(collection_index, "EXACT_ROWS", exact_rows)
    monkeypatch.setattr(collection_index, "PROBES", 1)
    monkeypatch.setattr(collection_index, "PROBED_PART", 1000)
    documents = ["d2", "d33", "d59", "d62", "unknown"]
    rows = [row for row in range(650) if f"d{row // 10}" in documents]
    for query in directions(30, seed=3):
        best = sorted(rows, key=lambda row: -float(VECTORS[row] @ query))[:15]
        found = filled.search(COLLECTION, query.tolist(), 15, documents)
        assert [name for name, _ in found] == [CHUNKS[row].id for row in best]
        cosines = [float(VECTORS[row] @ query) for row in best]
        assert [score for _, score in found] == pytest.approx(cosines, abs=1e-5)
    assert filled.search(COLLECTION, VECTORS[0].tolist(), 15, ["unknown"]) == []


def test_more_is_found_than_the_nearest_lists_hold(
    filled: FaissIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collection_index, "PROBES", 1)
    monkeypatch.setattr(collection_index, "PROBED_PART", 1000)
    found = filled.search(COLLECTION, VECTORS[0].tolist(), 200)
    assert len({name for name, _ in found}) == 200
