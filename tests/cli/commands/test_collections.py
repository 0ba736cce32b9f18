"""``carrel collections``: the list, and the changes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from carrel.cli.commands.collections import described
from carrel.cli.main import main
from carrel.core.documents import Collection, CollectionContents


def carrel(folder: Path, *words: str) -> int:
    return main(["collections", *words, f"--db_dir={folder}", "--engine=scripted"])


def names(folder: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, bool]:
    capsys.readouterr()
    assert carrel(folder, "--json") == 0
    return {each["name"]: each["shared"] for each in json.loads(capsys.readouterr().out)}


def test_a_collection_is_created_renamed_and_deleted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert carrel(tmp_path, "create", "Reports", "--shared") == 0
    assert carrel(tmp_path, "create", "Diary") == 0
    assert names(tmp_path, capsys) == {
        "Diary": False,
        "MyData": False,
        "Reports": True,
        "UserData": True,
    }
    assert carrel(tmp_path, "rename", "Reports", "Old reports") == 0
    assert carrel(tmp_path, "delete", "Diary") == 0
    assert (
        capsys.readouterr().out
        == "Renamed Reports to Old reports.\nDeleted Diary with 0 documents.\n"
    )
    assert names(tmp_path, capsys) == {"MyData": False, "Old reports": True, "UserData": True}


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("rename", "Nowhere", "Else"), 3),
        (("rename", "UserData", "Else"), 13),
        (("create", "UserData"), 14),
        (("delete", "MyData"), 13),
        (("rename", "UserData"), 2),
        (("erase", "UserData"), 2),
    ],
)
def test_a_change_that_cannot_be_made_is_refused(
    tmp_path: Path, words: tuple[str, ...], status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert carrel(tmp_path, *words) == status
    assert names(tmp_path, capsys) == {"MyData": False, "UserData": True}


def test_a_line_says_what_is_in_a_collection() -> None:
    reports = Collection("c1", "Reports", True, "local")
    contents = CollectionContents(documents=3, ready=2, failed=1, chunks=1, bytes=2_345_678)
    assert described(reports, contents) == (
        "Reports  (shared, 3 documents, 1 failed, 1 chunk, 2.3 MB)"
    )
    private = Collection("c2", "Diary", False, "local")
    assert (
        described(private, CollectionContents())
        == "Diary  (private, 0 documents, 0 chunks, 0.0 MB)"
    )
