from __future__ import annotations

from pathlib import Path

import pytest

from carrel.core.documents import Section
from carrel.core.errors import UnreadableDocument
from carrel.ingest.mail.web_archive import WebArchiveReader
from samples.messages import write_mhtml


def test_the_page_reads_like_a_web_page(tmp_path: Path) -> None:
    html = "<title>T</title><p>Zuerst</p><h1>Größe</h1><p>one</p>"
    assert list(WebArchiveReader().read(write_mhtml(tmp_path / "a.mht", html))) == [
        Section("Zuerst", heading="T"),
        Section("Größe\none", heading="Größe"),
    ]


def test_the_page_that_the_archive_starts_with_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.mhtml"
    path.write_bytes(
        b'Content-Type: multipart/related; start="<two>"; boundary=A\n\n'
        b"--A\nContent-Type: text/html\nContent-ID: <one>\n\n<p>frame</p>\n"
        b"--A\nContent-Type: text/html\nContent-ID: <two>\n"
        b"Content-Transfer-Encoding: quoted-printable\n\n<p>start =3D here</p>\n--A--\n"
    )
    assert list(WebArchiveReader().read(path)) == [Section("start = here")]


def test_an_archive_without_a_page_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.mht"
    path.write_bytes(b"Content-Type: image/png\n\nabc\n")
    with pytest.raises(UnreadableDocument, match="no part of it is a page"):
        list(WebArchiveReader().read(path))
