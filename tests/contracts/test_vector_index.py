"""What every vector index promises (``carrel.core.protocols.adapters.VectorIndex``)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from carrel.core.documents import Chunk
from carrel.core.errors import InvalidSetting
from carrel.core.protocols.adapters import VectorIndex
from carrel.index.chroma.chroma_server import ChromaServerIndex
from carrel.index.chroma.durable_chroma import DurableChromaIndex
from carrel.index.faiss.faiss import FaissIndex
from running.real_processes import ROOT, clean_environment
from stand_ins.chroma_process import ChromaProcess

COLLECTION = "c0123456789abcdef"
OTHER = "cfedcba9876543210"
IN_ANOTHER_PROCESS = """
import json, sys
from pathlib import Path
from {module} import {name}
index = {name}(**json.loads(sys.argv[1]), folder=Path(sys.argv[2]))
print(json.dumps([index.count(sys.argv[3]), index.search(sys.argv[3], json.loads(sys.argv[4]), 2)]))
"""

Kind = type[DurableChromaIndex] | type[FaissIndex] | type[ChromaServerIndex]
Opener = Callable[[], VectorIndex]


@dataclass(frozen=True)
class Store:
    """An implementation, and what it takes besides its folder."""

    kind: Kind
    arguments: dict[str, Any]


@pytest.fixture(params=["chroma", "faiss", "faiss segments", "chroma server"])
def store(request: pytest.FixtureRequest) -> Store:
    """Each implementation in turn; FAISS also as it is with many vectors, from the fifth on."""
    if request.param == "chroma":
        return Store(DurableChromaIndex, {})
    if request.param == "chroma server":
        server: ChromaProcess = request.getfixturevalue("chroma_server")
        return Store(ChromaServerIndex, {"url": server.url, "token": None, "offline": True})
    return Store(FaissIndex, {"flat_limit": 4} if request.param == "faiss segments" else {})


@pytest.fixture
def open_index(store: Store, tmp_path: Path) -> Iterator[Opener]:
    """Return a function that opens the index over the test's folder."""
    with ExitStack() as opened:

        def open_() -> VectorIndex:
            index = store.kind(folder=tmp_path / "vectors", **store.arguments)
            opened.callback(index.close)
            return index

        yield open_


@pytest.fixture
def index(open_index: Opener) -> VectorIndex:
    """An empty index."""
    return open_index()


def chunk(document: str, ordinal: int) -> Chunk:
    return Chunk(f"{document}-{ordinal}", document, ordinal, "text")


def axis(number: int, length: int = 8) -> list[float]:
    """A vector of length 1 along one axis."""
    return [1.0 if each == number else 0.0 for each in range(length)]


def random_directions(count: int, length: int, seed: int) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).normal(size=(count, length)).astype(np.float32)
    directions: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return directions


def fill(index: VectorIndex, collection: str, document: str, axes: list[int]) -> None:
    chunks = [chunk(document, ordinal) for ordinal in range(len(axes))]
    index.add(collection, chunks, [axis(each) for each in axes])


def test_the_nearest_come_first_with_their_cosine(index: VectorIndex) -> None:
    chunks = [chunk("a", ordinal) for ordinal in range(3)]
    index.add(COLLECTION, chunks, [axis(0), [0.6, 0.8, *[0.0] * 6], axis(2)])
    found = index.search(COLLECTION, axis(0), 3)
    assert [name for name, _ in found] == ["a-0", "a-1", "a-2"]
    assert [score for _, score in found] == pytest.approx([1.0, 0.6, 0.0], abs=1e-5)


def test_the_cosine_does_not_depend_on_lengths(index: VectorIndex) -> None:
    index.add(COLLECTION, [chunk("a", 0)], [[3.0, 4.0]])
    [(_, score)] = index.search(COLLECTION, [10.0, 0.0], 1)
    assert score == pytest.approx(0.6, abs=1e-5)


def test_an_existing_chunk_is_overwritten(index: VectorIndex) -> None:
    fill(index, COLLECTION, "a", [0, 1])
    index.add(COLLECTION, [chunk("a", 0)], [axis(5)])
    assert index.count(COLLECTION) == 2
    assert index.search(COLLECTION, axis(5), 1) == [("a-0", pytest.approx(1.0, abs=1e-5))]
    assert index.search(COLLECTION, axis(0), 2)[0][1] == pytest.approx(0.0, abs=1e-5)


def test_a_chunk_given_twice_at_once_is_stored_once_as_last_given(index: VectorIndex) -> None:
    index.add(COLLECTION, [chunk("a", 0), chunk("a", 0)], [axis(0), axis(1)])
    assert index.count(COLLECTION) == 1
    assert index.search(COLLECTION, axis(1), 1)[0][1] == pytest.approx(1.0, abs=1e-5)


def test_a_search_can_be_restricted_to_documents(index: VectorIndex) -> None:
    fill(index, COLLECTION, "a", [0, 1])
    fill(index, COLLECTION, "b", [0, 2])
    fill(index, COLLECTION, "c", [0])
    found = index.search(COLLECTION, axis(0), 10, ["b", "c", "unknown"])
    assert {name for name, _ in found} == {"b-0", "b-1", "c-0"}
    assert index.search(COLLECTION, axis(0), 10, ["unknown"]) == []


def test_a_restricted_search_finds_the_far_chunks_of_a_small_document(index: VectorIndex) -> None:
    vectors = random_directions(600, 16, seed=3)
    crowd = [chunk("crowd", ordinal) for ordinal in range(599)]
    index.add(COLLECTION, [*crowd, chunk("alone", 0)], vectors.tolist())
    opposite = (-vectors[599]).tolist()
    assert [name for name, _ in index.search(COLLECTION, opposite, 5, ["alone"])] == ["alone-0"]


def test_more_than_there_are_can_be_asked_for(index: VectorIndex) -> None:
    fill(index, COLLECTION, "a", [0, 1, 2])
    assert len(index.search(COLLECTION, axis(0), 1000)) == 3
    assert len(index.search(COLLECTION, axis(0), 1000, ["a"])) == 3


def test_stored_vectors_can_be_read_again(index: VectorIndex) -> None:
    fill(index, COLLECTION, "a", [0, 1])
    index.add(COLLECTION, [chunk("b", 0)], [[3.0, 4.0, *[0.0] * 6]])
    fill(index, OTHER, "c", [5])
    found = index.vectors(COLLECTION, ["b-0", "a-1", "b-0", "c-0", "unknown"])
    assert found == {
        "a-1": pytest.approx(axis(1), abs=1e-6),
        "b-0": pytest.approx([0.6, 0.8, *[0.0] * 6], abs=1e-6),
    }
    assert all(type(vector) is list for vector in found.values())
    assert index.vectors(COLLECTION, []) == {}
    assert index.vectors("cunknown", ["a-0"]) == {}


def test_the_vectors_of_replaced_and_deleted_chunks_are_not_read(index: VectorIndex) -> None:
    fill(index, COLLECTION, "a", [0])
    fill(index, COLLECTION, "b", [1])
    fill(index, COLLECTION, "a", [2])
    index.delete_documents(COLLECTION, ["b"])
    found = index.vectors(COLLECTION, ["a-0", "b-0"])
    assert found == {"a-0": pytest.approx(axis(2), abs=1e-6)}


def test_more_vectors_than_the_store_takes_at_once_can_be_read(index: VectorIndex) -> None:
    vectors = random_directions(6000, 4, seed=8)
    chunks = [chunk("a", ordinal) for ordinal in range(6000)]
    index.add(COLLECTION, chunks, vectors.tolist())
    found = index.vectors(COLLECTION, [each.id for each in chunks])
    read = np.asarray([found[each.id] for each in chunks])
    assert np.allclose(read, vectors, atol=1e-5)


def test_deleted_documents_are_gone_and_the_others_stay(index: VectorIndex) -> None:
    fill(index, COLLECTION, "a", [0, 1])
    fill(index, COLLECTION, "b", [0, 2])
    index.delete_documents(COLLECTION, ["a", "unknown"])
    assert index.count(COLLECTION) == 2
    assert index.document_ids(COLLECTION) == {"b"}
    assert {name for name, _ in index.search(COLLECTION, axis(0), 10)} == {"b-0", "b-1"}
    index.delete_documents(COLLECTION, [])
    assert index.count(COLLECTION) == 2


def test_what_was_deleted_can_be_added_again(index: VectorIndex) -> None:
    fill(index, COLLECTION, "a", [0, 1])
    index.delete_documents(COLLECTION, ["a"])
    assert index.search(COLLECTION, axis(0), 3) == []
    fill(index, COLLECTION, "a", [3])
    assert index.search(COLLECTION, axis(3), 3) == [("a-0", pytest.approx(1.0, abs=1e-5))]


def test_an_unknown_collection_is_empty_and_can_be_deleted(index: VectorIndex) -> None:
    assert index.search("cunknown", axis(0), 5) == []
    assert index.search("cunknown", axis(0), 5, ["a"]) == []
    assert index.count("cunknown") == 0
    assert index.document_ids("cunknown") == set()
    index.delete_documents("cunknown", ["a"])
    index.delete_collection("cunknown")
    assert index.count("cunknown") == 0


def test_collections_do_not_mix(index: VectorIndex) -> None:
    fill(index, COLLECTION, "a", [0])
    fill(index, OTHER, "a", [0, 1])
    fill(index, OTHER, "b", [0])
    index.delete_documents(COLLECTION, ["a"])
    assert index.count(COLLECTION) == 0
    assert index.document_ids(OTHER) == {"a", "b"}
    index.delete_collection(OTHER)
    assert index.count(OTHER) == 0
    assert index.search(OTHER, axis(0), 5) == []


def test_a_deleted_collection_can_be_filled_with_vectors_of_another_length(
    index: VectorIndex,
) -> None:
    fill(index, COLLECTION, "a", [0])
    index.delete_collection(COLLECTION)
    index.add(COLLECTION, [chunk("b", 0)], [axis(1, length=5)])
    assert index.search(COLLECTION, axis(1, length=5), 5)[0][0] == "b-0"


def test_vectors_of_another_length_are_refused_and_leave_everything_as_it_was(
    index: VectorIndex,
) -> None:
    fill(index, COLLECTION, "a", [0])
    with pytest.raises(InvalidSetting, match="--embedder"):
        index.add(COLLECTION, [chunk("b", 0)], [axis(1, length=5)])
    with pytest.raises(InvalidSetting, match="--embedder"):
        index.search(COLLECTION, axis(1, length=5), 5)
    assert index.document_ids(COLLECTION) == {"a"}
    assert index.search(COLLECTION, axis(0), 5)[0][0] == "a-0"


def test_any_text_can_be_an_id(index: VectorIndex) -> None:
    name = "文档 'one\" ✓ -- é"
    index.add(COLLECTION, [Chunk(f"{name}-0", name, 0, "text")], [axis(0)])
    assert index.search(COLLECTION, axis(0), 1, [name])[0][0] == f"{name}-0"
    assert index.document_ids(COLLECTION) == {name}
    index.delete_documents(COLLECTION, [name])
    assert index.count(COLLECTION) == 0


def test_closing_keeps_everything_for_the_same_process(open_index: Opener) -> None:
    first = open_index()
    fill(first, COLLECTION, "a", [0, 1])
    fill(first, COLLECTION, "b", [2])
    first.delete_documents(COLLECTION, ["b"])
    first.close()
    first.close()
    second = open_index()
    assert second.count(COLLECTION) == 2
    assert second.document_ids(COLLECTION) == {"a"}
    assert second.search(COLLECTION, axis(1), 1)[0][0] == "a-1"
    fill(second, COLLECTION, "c", [3])
    second.close()
    assert open_index().document_ids(COLLECTION) == {"a", "c"}


@pytest.mark.parametrize("closed", [True, False], ids=["closed", "killed"])
def test_another_process_finds_what_was_added(
    store: Store,
    open_index: Opener,
    tmp_path: Path,
    closed: bool,
) -> None:
    index = open_index()
    vectors = random_directions(300, 8, seed=5)
    chunks = [chunk("a", ordinal) for ordinal in range(300)]
    index.add(COLLECTION, chunks, vectors.tolist())
    index.delete_documents(COLLECTION, ["unknown"])
    if closed:
        index.close()
    # An index left open has to have everything on the disk already, as after a crash.
    script = IN_ANOTHER_PROCESS.format(module=store.kind.__module__, name=store.kind.__name__)
    given = [json.dumps(store.arguments), str(tmp_path / "vectors"), COLLECTION]
    command = [sys.executable, "-c", script, *given, json.dumps(vectors[7].tolist())]
    source = clean_environment() | {"PYTHONPATH": str(ROOT / "src")}
    answer = subprocess.run(command, check=True, capture_output=True, text=True, env=source)
    count, found = json.loads(answer.stdout)
    assert count == 300
    assert found[0] == ["a-7", pytest.approx(1.0, abs=1e-5)]


def test_the_ten_nearest_of_2000_are_found(index: VectorIndex) -> None:
    vectors = random_directions(2000, 384, seed=1)
    chunks = [chunk(f"d{number // 20}", number) for number in range(2000)]
    for start in range(0, 2000, 64):
        index.add(COLLECTION, chunks[start : start + 64], vectors[start : start + 64].tolist())
    hits = 0
    for query in random_directions(50, 384, seed=2):
        nearest = {chunks[row].id for row in np.argsort(-(vectors @ query))[:10]}
        hits += len(nearest & {name for name, _ in index.search(COLLECTION, query.tolist(), 10)})
    assert hits / 500 >= 0.99


def test_every_chunk_finds_itself_after_many_deletions_and_replacements(
    index: VectorIndex,
) -> None:
    vectors = random_directions(900, 32, seed=4)
    chunks = [chunk(f"d{number // 10}", number) for number in range(900)]
    index.add(COLLECTION, chunks[:600], vectors[:600].tolist())
    index.delete_documents(COLLECTION, [f"d{number}" for number in range(0, 60, 2)])
    index.add(COLLECTION, chunks[600:], vectors[600:].tolist())
    index.add(COLLECTION, chunks[10:20], vectors[10:20].tolist())
    alive = [row for row in range(900) if row >= 600 or (row // 10) % 2]
    assert index.count(COLLECTION) == len(alive)
    for row in alive:
        assert index.search(COLLECTION, vectors[row].tolist(), 1)[0][0] == chunks[row].id


def test_threads_may_add_and_search_at_once(index: VectorIndex) -> None:
    vectors = random_directions(400, 16, seed=6)

    def add_and_find(number: int) -> str:
        rows = range(number * 50, number * 50 + 50)
        index.add(
            COLLECTION,
            [chunk(f"d{number}", row) for row in rows],
            [vectors[row].tolist() for row in rows],
        )
        return index.search(COLLECTION, vectors[rows[0]].tolist(), 1)[0][0]

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(add_and_find, range(8)))
    assert found == [f"d{number}-{number * 50}" for number in range(8)]
    assert index.count(COLLECTION) == 400


def test_more_chunks_than_the_store_takes_at_once_can_be_added(index: VectorIndex) -> None:
    vectors = random_directions(6000, 4, seed=7)
    chunks = [chunk("a", ordinal) for ordinal in range(6000)]
    index.add(COLLECTION, chunks, vectors.tolist())
    assert index.count(COLLECTION) == 6000


def test_of_unknown_chunks_there_are_no_vectors(index: VectorIndex) -> None:
    fill(index, COLLECTION, "a", [0, 1])
    assert index.vectors(COLLECTION, ["unknown"]) == {}
    assert index.vectors("cunknown", ["a-0"]) == {}
