from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from carrel.core.errors import EncryptedDocument, UnreadableDocument
from carrel.ingest.archives.package import require_sound_package
from samples.damaged_files import zip_of
from samples.documents import write_docx, write_pptx, write_xlsx


def with_declared_size(path: Path, size: int) -> None:
    """Write into the directory that the one entry unpacks to ``size`` bytes."""
    data = bytearray(path.read_bytes())
    entry = data.rindex(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = size.to_bytes(4, "little")
    path.write_bytes(bytes(data))


def test_real_documents_are_sound(tmp_path: Path) -> None:
    require_sound_package(write_docx(tmp_path / "a.docx", ["text"]))
    require_sound_package(write_pptx(tmp_path / "a.pptx", [("a", "b", "c")]))
    require_sound_package(write_xlsx(tmp_path / "a.xlsx", {"S": [["a"] * 50] * 500}))


def test_an_archive_that_unpacks_to_gigabytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.docx"
    path.write_bytes(zip_of({"word/document.xml": b"x"}))
    with_declared_size(path, (1 << 30) + 1)
    with pytest.raises(UnreadableDocument, match=r"unpack to 1\.1 GB"):
        require_sound_package(path)


def test_an_archive_that_unpacks_to_hundreds_of_times_its_size_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.docx"
    path.write_bytes(zip_of({"word/document.xml": bytes(20 << 20)}))
    with pytest.raises(UnreadableDocument, match="times its size"):
        require_sound_package(path)


def test_a_small_archive_may_pack_well(tmp_path: Path) -> None:
    path = tmp_path / "small.docx"
    path.write_bytes(zip_of({"word/document.xml": bytes(1 << 20)}))
    require_sound_package(path)


def test_encrypted_parts_are_named_as_such(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(zip_of({"word/document.xml": b"x"}))
    data = bytearray(path.read_bytes())
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(data))
    with pytest.raises(EncryptedDocument, match="password"):
        require_sound_package(path)


def test_a_cut_off_archive_is_a_bad_zip_file(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "a.docx", ["text"])
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(zipfile.BadZipFile):
        require_sound_package(path)
