"""What is Chroma's own: its files, its telemetry, its import."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from carrel.core.documents import Chunk
from carrel.core.errors import InvalidSetting, StoreCorrupt
from carrel.index.chroma.chroma import ChromaIndex
from carrel.index.chroma.write_guard import WriteGuard

LARGE, SMALL = "c0000large", "c0000small"
VECTORS = np.random.default_rng(8).normal(size=(1200, 16)).astype(np.float32).tolist()
CHUNKS = [Chunk(f"d{row // 50}-{row}", f"d{row // 50}", row, "") for row in range(1200)]


def fill(index: ChromaIndex, collection: str, count: int) -> None:
    index.add(collection, CHUNKS[:count], VECTORS[:count])


def graph_folders(folder: Path) -> list[Path]:
    return [each for each in folder.iterdir() if each.is_dir()]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A closed store of two collections, one of them large enough to have its graph in files."""
    with closing(ChromaIndex(tmp_path)) as index:
        fill(index, LARGE, 1200)
        fill(index, SMALL, 10)
    return tmp_path


def test_a_collection_whose_files_were_torn_is_emptied_and_can_be_filled_again(
    folder: Path,
) -> None:
    # Chroma ends the process when it loads a header of half the length.
    [names] = folder.glob("*/index_metadata.pickle")
    header = names.with_name("header.bin")
    with pytest.raises(OSError, match="full"), WriteGuard(folder).writing(LARGE, grows=True):
        header.write_bytes(header.read_bytes()[:50])
        raise OSError("full")
    with closing(ChromaIndex(folder)) as index:
        assert (index.count(LARGE), index.document_ids(LARGE)) == (0, set())
        assert index.count(SMALL) == 10
        fill(index, LARGE, 1200)
        assert index.search(LARGE, VECTORS[700], 1)[0][0] == CHUNKS[700].id
    with closing(ChromaIndex(folder)) as index:
        assert (index.count(LARGE), index.count(SMALL)) == (1200, 10)


def test_a_write_that_was_stopped_before_it_touched_the_files_loses_nothing(folder: Path) -> None:
    with WriteGuard(folder).writing(LARGE, grows=True):
        mark = (folder / "writing.json").read_bytes()
    (folder / "writing.json").write_bytes(mark)
    with closing(ChromaIndex(folder)) as index:
        assert index.count(LARGE) == 1200
    assert not (folder / "writing.json").exists()


def test_files_that_cannot_be_read_are_named_in_one_line(folder: Path) -> None:
    [names] = folder.glob("*/index_metadata.pickle")
    with closing(ChromaIndex(folder)) as index:
        # What was damaged before is noticed when the store is opened.
        names.write_bytes(b"")
        with pytest.raises(StoreCorrupt, match="start Carrel again") as refused:
            index.search(LARGE, VECTORS[0], 1)
        assert str(folder) in str(refused.value)
        assert "\n" not in str(refused.value)
        assert index.count(SMALL) == 10


def test_a_deleted_collection_leaves_no_files(folder: Path) -> None:
    with closing(ChromaIndex(folder)) as index:
        index.delete_collection(LARGE)
        assert len(graph_folders(folder)) == 1
        assert index.search(SMALL, VECTORS[3], 1)[0][0] == CHUNKS[3].id
        index.delete_collection(SMALL)
        assert graph_folders(folder) == []


def test_the_graph_of_a_large_collection_is_in_files_before_it_is_closed(tmp_path: Path) -> None:
    with closing(ChromaIndex(tmp_path)) as index:
        fill(index, LARGE, 1200)
        assert any(each.stat().st_size > 1000 for each in tmp_path.glob("*/data_level0.bin"))


def test_neither_the_environment_nor_a_file_redirects_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / ".env").write_text("CHROMA_API_IMPL=chromadb.api.fastapi.FastAPI\n")
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("CHROMA_API_IMPL", "chromadb.api.fastapi.FastAPI")
    monkeypatch.setenv("ANONYMIZED_TELEMETRY", "True")
    with closing(ChromaIndex(tmp_path / "store")) as index:
        fill(index, SMALL, 3)
        assert index._client.get_settings().anonymized_telemetry is False
    assert (tmp_path / "store" / "chroma.sqlite3").is_file()


def test_a_file_that_is_no_store_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "chroma.sqlite3").write_bytes(b"This is a letter, not a database. " * 100)
    with pytest.raises(StoreCorrupt, match="start Carrel again") as refused:
        ChromaIndex(tmp_path)
    assert "\n" not in str(refused.value)


def test_a_folder_that_cannot_be_made_is_a_wrong_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidSetting, match="--db_dir"):
        ChromaIndex(tmp_path / "file" / "store")


@pytest.mark.parametrize("library", ["chromadb", "faiss", "sentence_transformers", "torch"])
def test_a_slow_library_is_imported_only_by_what_uses_it(library: str) -> None:
    script = (
        "import sys; import carrel.index.chroma.chroma, carrel.index.faiss.faiss, "
        "carrel.index.keyword.keyword, carrel.index.embedding.embedder; "
        f"sys.exit({library!r} in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
