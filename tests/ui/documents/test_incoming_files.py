"""Uploaded files and their names."""

from __future__ import annotations

from pathlib import Path

import pytest

from carrel.core.documents import IncomingFile
from carrel.ui.documents.incoming_files import UNNAMED, incoming_files


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("report.pdf", "report.pdf"),
        ("R&D – <draft>.pdf", "R&D – <draft>.pdf"),
        ("2023/march/report.pdf", "2023/march/report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\data\\a.docx", "a.docx"),
        ("a\x00b\n\x1b[31m.txt", "ab[31m.txt"),
        ("\u202efdp.exe", "fdp.exe"),
        ("..", UNNAMED),
        ("/", UNNAMED),
    ],
)
def test_a_name_is_printable_and_climbs_nowhere(given: str, name: str) -> None:
    [file] = incoming_files([{"path": "/uploads/1/a", "orig_name": given}])
    assert file.name == name


def test_files_keep_the_names_they_had() -> None:
    uploaded = [
        {"path": "/uploads/1/RD.pdf", "orig_name": "R&D.pdf"},
        {"path": "/uploads/2/b.pdf", "orig_name": None},
    ]
    assert incoming_files(uploaded) == [
        IncomingFile(Path("/uploads/1/RD.pdf"), "R&D.pdf"),
        IncomingFile(Path("/uploads/2/b.pdf"), "b.pdf"),
    ]


def test_no_files_are_none() -> None:
    assert incoming_files(None) == []
