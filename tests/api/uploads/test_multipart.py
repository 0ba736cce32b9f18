"""The parser of uploads, however the network cuts the body."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.api.uploads.multipart import MOST_FILES, UploadReceiver, boundary_of
from carrel.core.document_names import document_name
from carrel.core.errors import InvalidRequest, StorageFull

BOUNDARY = b"edge"


def body_of(*files: tuple[str, bytes]) -> bytes:
    """Return a body with one part per file."""
    heads = (
        f'--edge\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n'
        "Content-Type: text/plain\r\n\r\n".encode()
        for name, _ in files
    )
    parts = (head + data + b"\r\n" for head, (_, data) in zip(heads, files, strict=True))
    return b"".join(parts) + b"--edge--\r\n"


async def cut(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


@pytest.mark.parametrize("size", [1, 2, 7, 64, 10_000])
async def test_files_arrive_whole_however_the_body_is_cut(tmp_path: Path, size: int) -> None:
    files = [("a.txt", b"\r\n--edg\r\n-"), ("ü\t.bin", bytes(range(256))), ("empty", b"")]
    receiver = UploadReceiver(tmp_path, limit=1000)
    received = await receiver.receive(BOUNDARY, cut(body_of(*files), size))
    assert [(each.name, each.path.read_bytes()) for each in received] == [
        ("a.txt", b"\r\n--edg\r\n-"),
        ("ü.bin", bytes(range(256))),
        ("empty", b""),
    ]
    assert {each.content_type for each in received} == {"text/plain"}


async def test_what_is_over_the_limit_is_not_kept_on_disk(tmp_path: Path) -> None:
    receiver = UploadReceiver(tmp_path, limit=10)
    body = body_of(("exact", b"x" * 10), ("over", b"y" * 11), ("after", b"z"))
    received = await receiver.receive(BOUNDARY, cut(body, 5))
    assert [(each.name, each.size, each.fits) for each in received] == [
        ("exact", 10, True),
        ("over", 11, False),
        ("after", 1, True),
    ]
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) == 11


async def test_an_upload_of_too_many_files_is_refused(tmp_path: Path) -> None:
    files = [("a", b"")] * (MOST_FILES + 1)
    with pytest.raises(InvalidRequest, match="1000 files"):
        await UploadReceiver(tmp_path, limit=10).receive(BOUNDARY, cut(body_of(*files), 65536))


@pytest.mark.parametrize("size", [10, 100_000])
async def test_a_full_disk_is_an_error_of_ours(tmp_path: Path, size: int) -> None:
    # The system's device that is always full, in place of the first file.
    (tmp_path / "0").symlink_to("/dev/full")
    receiver = UploadReceiver(tmp_path, limit=10_000_000)
    with pytest.raises(StorageFull, match="full"):
        await receiver.receive(BOUNDARY, cut(body_of(("a.txt", b"x" * size)), 65536))


def test_the_boundary_is_read_from_the_header() -> None:
    assert boundary_of('multipart/form-data; boundary="a b"') == b"a b"
    with pytest.raises(InvalidRequest):
        boundary_of("multipart/form-data")


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("report.pdf", "report.pdf"),
        ("2023/report.pdf", "2023/report.pdf"),
        ("a\\b.txt", "a/b.txt"),
        ("./a//b.txt", "a/b.txt"),
        ("../../etc/passwd", "passwd"),
        ("a/../../b", "b"),
        ("/etc/passwd", "passwd"),
        ("C:\\Users\\me\\note.txt", "note.txt"),
        ("tab\tin\u202eside.txt", "tabinside.txt"),
        ("n" * 300 + ".txt", "n" * 251 + ".txt"),
    ],
)
def test_a_name_keeps_folders_only_of_a_relative_path(given_name: str, kept: str) -> None:
    assert document_name(given_name) == kept


@given(st.text(max_size=400))
def test_no_name_leads_out_of_its_folder(name: str) -> None:
    try:
        kept = document_name(name)
    except InvalidRequest:
        return
    assert kept
    assert len(kept) <= 255
    assert not kept.startswith("/")
    assert not {"", ".", ".."} & set(kept.split("/"))
    assert "\\" not in kept
    assert kept.isprintable()


@given(
    st.lists(st.sampled_from(["..", ".", "", "a", " ", "C:", "\\", "/"]), max_size=8).map("/".join)
)
def test_no_path_leads_out_of_its_folder(name: str) -> None:
    try:
        kept = document_name(name)
    except InvalidRequest:
        return
    assert not {"", ".", ".."} & set(kept.split("/"))
