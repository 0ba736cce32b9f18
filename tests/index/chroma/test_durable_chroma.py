"""The copy of Chroma's vectors, and what it is good for."""

from __future__ import annotations

from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from carrel.core.documents import Chunk
from carrel.core.errors import InvalidSetting
from carrel.index.chroma.durable_chroma import DurableChromaIndex
from carrel.index.chroma.vector_copy import VectorCopy
from carrel.index.chroma.write_guard import WriteGuard

LARGE, SMALL = "c0000large", "c0000small"
VECTORS = np.random.default_rng(8).normal(size=(1200, 16)).astype(np.float32).tolist()
CHUNKS = [Chunk(f"d{row // 50}-{row}", f"d{row // 50}", row, "") for row in range(1200)]


def tear(folder: Path, *collections: str) -> None:
    """Leave the files as a process does that is killed while it overwrites them."""
    [names] = folder.glob("*/index_metadata.pickle")
    header = names.with_name("header.bin")
    with pytest.raises(OSError, match="killed"), ExitStack() as writes:
        for collection in collections:
            writes.enter_context(WriteGuard(folder).writing(collection, grows=True))
        header.write_bytes(header.read_bytes()[:50])
        raise OSError("killed")


def copied(folder: Path) -> dict[str, int]:
    with closing(VectorCopy(folder / "vectors.db")) as copy:
        return copy.counts()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A closed store of two collections, one of them large enough to have its graph in files."""
    with closing(DurableChromaIndex(tmp_path)) as index:
        for start in range(0, 1200, 400):
            rows = slice(start, start + 400)
            index.add(LARGE, CHUNKS[rows], VECTORS[rows])
        # A chunk that comes again is there once, as it was the last time.
        index.add(LARGE, CHUNKS[:2], [VECTORS[1], VECTORS[0]])
        index.add(SMALL, CHUNKS[:10], VECTORS[:10])
        index.delete_documents(LARGE, ["d1"])
    assert copied(tmp_path) == {LARGE: 1150, SMALL: 10}
    return tmp_path


def test_collections_whose_files_were_torn_are_filled_again(folder: Path) -> None:
    tear(folder, LARGE, SMALL)
    with closing(DurableChromaIndex(folder)) as index:
        assert (index.count(LARGE), index.count(SMALL)) == (1150, 10)
        assert index.document_ids(LARGE) == {f"d{number}" for number in range(24)} - {"d1"}
        for row, found in ((0, 1), (1, 0), (700, 700), (1199, 1199)):
            assert index.search(LARGE, VECTORS[row], 1)[0][0] == CHUNKS[found].id
        assert index.search(LARGE, VECTORS[60], 1)[0][0] != CHUNKS[60].id
        stored = index.vectors(SMALL, [CHUNKS[3].id])[CHUNKS[3].id]
        assert np.dot(stored, VECTORS[3]) == pytest.approx(np.linalg.norm(VECTORS[3]), abs=1e-4)
    with closing(DurableChromaIndex(folder)) as index:
        assert (index.count(LARGE), index.count(SMALL)) == (1150, 10)


def test_only_what_is_missing_is_filled_again(folder: Path) -> None:
    with capture_logs() as written, closing(DurableChromaIndex(folder)):
        pass
    assert "vectors.refilled" not in {each["event"] for each in written}
    tear(folder, LARGE)
    with capture_logs() as written, closing(DurableChromaIndex(folder)):
        pass
    refilled = [each for each in written if each["event"] == "vectors.refilled"]
    assert [(each["collection"], each["vectors"]) for each in refilled] == [(LARGE, 1150)]


@pytest.mark.parametrize(
    "name",
    ["data_level0.bin", "header.bin", "length.bin", "link_lists.bin", "index_metadata.pickle"],
)
@pytest.mark.parametrize("how", ["one bit", "cut", "zero bytes", "gone"])
def test_a_graph_whose_files_are_not_as_they_were_is_made_again(
    folder: Path, name: str, how: str
) -> None:
    [names] = folder.glob("*/index_metadata.pickle")
    file = names.with_name(name)
    content = file.read_bytes()
    if how == "gone":
        file.unlink()
    elif how == "one bit":
        middle = len(content) // 2
        changed = bytes([content[middle] ^ 1]) if content else b"x"
        file.write_bytes(content[:middle] + changed + content[middle + 1 :])
    else:
        file.write_bytes(content[: len(content) // 2] if how == "cut" and content else b"")
    same = file.exists() and file.read_bytes() == content
    with capture_logs() as written, closing(DurableChromaIndex(folder)) as index:
        assert (index.count(LARGE), index.count(SMALL)) == (1150, 10)
        for row in (2, 700, 1199):
            assert index.search(LARGE, VECTORS[row], 1)[0][0] == CHUNKS[row].id
    torn = [each["collection"] for each in written if each["event"] == "vectors.torn"]
    assert torn == ([] if same else [LARGE])


def test_what_chroma_refuses_is_not_copied(folder: Path) -> None:
    with closing(DurableChromaIndex(folder)) as index:
        with pytest.raises(InvalidSetting, match="does not fit"):
            index.add(SMALL, [Chunk("other-0", "other", 0, "")], [[1.0, 0.0]])
        index.add(SMALL, [Chunk("other-1", "other", 1, "")], [VECTORS[20]])
    assert copied(folder) == {LARGE: 1150, SMALL: 11}


def test_what_is_deleted_leaves_the_copy(folder: Path) -> None:
    with closing(DurableChromaIndex(folder)) as index:
        index.delete_documents(LARGE, [f"d{number}" for number in range(23)])
        index.delete_collection(SMALL)
    assert copied(folder) == {LARGE: 50}
