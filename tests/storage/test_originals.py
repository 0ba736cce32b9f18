"""The store of original files."""

from __future__ import annotations

from pathlib import Path

import pytest

from carrel.core.errors import DocumentNotFound, InvalidSetting, PathNotFound, StorageFull
from carrel.storage.originals import OriginalFiles
from carrel.storage.quarantine import Quarantine


@pytest.fixture
def files(tmp_path: Path) -> OriginalFiles:
    """An empty store."""
    return OriginalFiles(tmp_path / "db" / "originals", Quarantine(tmp_path / "db" / "quarantine"))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file to be stored."""
    path = tmp_path / "report.pdf"
    path.write_bytes(b"content \x00\xff")
    return path


def test_a_stored_file_is_a_copy_of_its_own(files: OriginalFiles, source: Path) -> None:
    stored = files.store("d1", source)
    assert stored == files.path("d1")
    source.write_bytes(b"changed afterwards")
    assert stored.read_bytes() == b"content \x00\xff"
    assert files.ids() == {"d1"}


def test_storing_again_replaces(files: OriginalFiles, source: Path) -> None:
    files.store("d1", source)
    source.write_bytes(b"second")
    assert files.store("d1", source).read_bytes() == b"second"
    assert files.ids() == {"d1"}


def test_deleted_files_are_gone_and_the_others_stay(files: OriginalFiles, source: Path) -> None:
    for document_id in ("d1", "d2", "d3"):
        files.store(document_id, source)
    files.delete(["d1", "d3", "unknown"])
    assert files.ids() == {"d2"}
    assert not files.path("d1").exists()


def test_a_missing_source_leaves_nothing(files: OriginalFiles, tmp_path: Path) -> None:
    with pytest.raises(PathNotFound, match=r"missing\.pdf"):
        files.store("d1", tmp_path / "missing.pdf")
    assert files.ids() == set()


@pytest.mark.parametrize("document_id", ["../d1", "a/b", "", ".", "..", ".lock", "d1.partial"])
def test_an_id_cannot_lead_out_of_the_folder(
    files: OriginalFiles, source: Path, document_id: str
) -> None:
    with pytest.raises(DocumentNotFound):
        files.path(document_id)
    with pytest.raises(DocumentNotFound):
        files.store(document_id, source)
    with pytest.raises(DocumentNotFound):
        files.delete([document_id])


def test_an_interrupted_copy_is_no_original_and_is_removed_at_the_next_start(
    files: OriginalFiles, source: Path, tmp_path: Path
) -> None:
    files.store("d1", source)
    partial = tmp_path / "db" / "originals" / "d2.partial"
    partial.write_bytes(b"half")
    assert files.ids() == {"d1"}
    assert OriginalFiles(
        tmp_path / "db" / "originals", Quarantine(tmp_path / "db" / "quarantine")
    ).ids() == {"d1"}
    assert not partial.exists()


def test_a_full_disk_leaves_nothing_and_loses_nothing(
    files: OriginalFiles, source: Path, tmp_path: Path
) -> None:
    files.store("d1", source)
    # Writing to this device fails as on a full disk.
    partial = tmp_path / "db" / "originals" / "d1.partial"
    partial.symlink_to("/dev/full")
    with pytest.raises(StorageFull, match=r"disk is full.*d1"):
        files.store("d1", source)
    assert files.path("d1").read_bytes() == b"content \x00\xff"
    assert not partial.is_symlink()
    files.store("d2", source)
    assert files.ids() == {"d1", "d2"}


def test_a_folder_that_cannot_be_made_is_a_wrong_setting(source: Path) -> None:
    with pytest.raises(InvalidSetting, match="--db_dir"):
        OriginalFiles(source / "originals", Quarantine(source / "quarantine"))
