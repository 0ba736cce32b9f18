"""Waiting for the disk, where folders can be opened and where they cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from carrel.disk import flush as flushing


@pytest.mark.parametrize("folders", [True, False])
def test_files_and_folders_are_flushed(
    folders: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flushing, "FOLDERS_CAN_BE_OPENED", folders)
    synced: list[int] = []
    monkeypatch.setattr(flushing.os, "fsync", synced.append)
    path = tmp_path / "file"
    path.write_bytes(b"content")
    flushing.flush(path)
    flushing.flush(tmp_path)
    assert len(synced) == 1 + folders
    assert path.read_bytes() == b"content"
