"""A folder is sent file by file; one that fails does not stop the others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from carrel.client import FolderProgress
from carrel.core.documents import OutcomeKind
from carrel.core.errors import CollectionNotFound, PathNotFound


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder within a folder, a file without text, a hidden one, and a link that leads out."""
    root = tmp_path / "reports"
    (root / "2022").mkdir(parents=True)
    (root / ".hidden").mkdir()
    (root / "a.txt").write_text("The gate code is 4711.", encoding="utf-8")
    (root / "b.txt").touch()
    (root / "2022" / "c.txt").write_text("The gate is green.", encoding="utf-8")
    (root / ".hidden" / "d.txt").write_text("Nobody sees this.", encoding="utf-8")
    secret = tmp_path / "secret.txt"
    secret.write_text("Out of the folder.", encoding="utf-8")
    (root / "out.txt").symlink_to(secret)
    return root


def test_each_file_has_its_outcome(client: Any, collection: str, folder: Path) -> None:
    reported: list[FolderProgress] = []
    outcomes = client.upload_folder(folder, collection, on_progress=reported.append)
    assert [(each.name, each.kind, each.code) for each in outcomes] == [
        ("a.txt", OutcomeKind.ADDED, None),
        ("b.txt", OutcomeKind.FAILED, "empty_document"),
        ("2022/c.txt", OutcomeKind.ADDED, None),
    ]
    assert [(each.done, each.total) for each in reported] == [(1, 3), (2, 3), (3, 3)]
    assert [each.latest for each in reported] == outcomes
    names = {each.name for each in client.documents(collection) if each.status == "ready"}
    assert names == {"a.txt", "2022/c.txt"}
    again = client.upload_folder(str(folder), collection)
    assert again[0].kind is again[2].kind is OutcomeKind.UNCHANGED


def test_what_every_file_would_meet_is_raised(client: Any, folder: Path) -> None:
    reported: list[FolderProgress] = []
    with pytest.raises(CollectionNotFound):
        client.upload_folder(folder, "no such collection", on_progress=reported.append)
    assert reported == []


def test_a_folder_that_is_none_is_reported(client: Any, tmp_path: Path) -> None:
    with pytest.raises(PathNotFound, match="no such"):
        client.upload_folder(tmp_path / "no such")
