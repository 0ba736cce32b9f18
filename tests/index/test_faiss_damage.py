"""FAISS above its flat limit: damaged files, kills, and a full disk."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from carrel.core.errors import StorageFull
from carrel.index.faiss.faiss import FaissIndex
from carrel.index.faiss.segment_files import SegmentFiles
from running.faiss_segments import (
    COLLECTION,
    VECTORS,
    Opener,
    fill,
    misses,
    nearest_in_files,
    segments,
)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def turn_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [truncate, turn_a_bit, Path.unlink])
def test_a_damaged_or_missing_file_is_made_again(
    filled: FaissIndex, open_index: Opener, folder: Path, damage: Callable[[Path], None]
) -> None:
    [path] = segments(folder)
    filled.close()
    damage(path)
    index = open_index()
    assert misses(index, range(650)) == []
    index.settle()
    assert len(segments(folder)) == 1
    assert path not in segments(folder)
    assert misses(index, range(650)) == []


def test_without_any_file_a_large_collection_is_made_into_files_before_it_is_searched(
    open_index: Opener, folder: Path
) -> None:
    index = open_index()
    fill(index, 0, 1200)
    index.settle()
    index.close()
    for path in segments(folder):
        path.unlink()
    index = open_index()
    assert misses(index, range(1)) == []
    assert len(segments(folder)) == 1
    assert misses(index, range(1200)) == []


def test_an_older_file_in_the_place_of_a_newer_one_is_noticed(
    filled: FaissIndex, open_index: Opener, folder: Path
) -> None:
    [older] = segments(folder)
    content = older.read_bytes()
    filled.delete_documents(COLLECTION, ["d7"])
    [newer] = segments(folder)
    filled.close()
    newer.write_bytes(content)
    index = open_index()
    assert misses(index, range(70)) == []
    index.settle()
    assert "d7" not in index.document_ids(COLLECTION)
    assert nearest_in_files(folder, VECTORS[75]) < 0.999


def test_files_that_are_not_recorded_are_removed(
    filled: FaissIndex, open_index: Opener, folder: Path
) -> None:
    [path] = segments(folder)
    filled.close()
    for name in ("0.segment", "1.segment.partial"):
        (folder / name).write_bytes(path.read_bytes())
    open_index()
    assert segments(folder) == {path}


KILLED = """
import os, signal, sys
from pathlib import Path
from carrel.core.documents import Chunk
from carrel.index.faiss.faiss import FaissIndex
from carrel.index.faiss.segment_files import SegmentFiles

def kill(*arguments):
    os.kill(os.getpid(), signal.SIGKILL)

index = FaissIndex(Path(sys.argv[1]), flat_limit=300)
index.search(sys.argv[2], [1.0] * 32, 1)
if sys.argv[3] == "before the file":
    SegmentFiles.write = kill
elif sys.argv[3] == "in the middle of the file":
    Path.replace = kill
else:
    SegmentFiles.remove = kill
index.delete_documents(sys.argv[2], ["d7"])
"""


@pytest.mark.parametrize("when", ["before the file", "in the middle of the file", "after the file"])
def test_killed_between_the_database_and_the_file(
    filled: FaissIndex, open_index: Opener, folder: Path, when: str
) -> None:
    filled.close()
    command = [sys.executable, "-c", KILLED, str(folder), COLLECTION, when]
    assert subprocess.run(command, check=False, capture_output=True).returncode == -9
    assert nearest_in_files(folder, VECTORS[75]) > 0.999, "the kill came before its removal"
    index = open_index()
    assert len(segments(folder)) == 1
    assert nearest_in_files(folder, VECTORS[75]) < 0.999
    assert index.document_ids(COLLECTION) == {f"d{number}" for number in range(65)} - {"d7"}
    assert misses(index, range(70)) + misses(index, range(80, 650)) == []


def test_without_space_for_files_everything_is_found_and_nothing_deleted_is(
    filled: FaissIndex, open_index: Opener, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> Any:
        raise StorageFull("The disk is full.")

    [path] = segments(folder)
    with monkeypatch.context() as patched:
        patched.setattr(SegmentFiles, "write", full)
        fill(filled, 650, 900)
        filled.settle()
        filled.delete_documents(COLLECTION, ["d7"])
        filled.settle()
        assert segments(folder) == {path}
        assert misses(filled, range(70)) + misses(filled, range(80, 900)) == []
        assert filled.search(COLLECTION, VECTORS[75].tolist(), 1)[0][1] < 0.999
    filled.close()
    index = open_index()
    assert misses(index, range(80, 900)) == []
    index.settle()
    assert len(segments(folder)) == 2
    assert nearest_in_files(folder, VECTORS[75]) < 0.999
