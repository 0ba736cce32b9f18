"""Noticing changes in a folder."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest

from carrel.disk import folder_changes as module
from carrel.disk.folder_changes import folder_changes

LONG = 3600.0


async def test_it_tells_at_once_and_after_a_change(tmp_path: Path) -> None:
    async with aclosing(folder_changes(tmp_path, LONG)) as changes, asyncio.timeout(30):
        await anext(changes)
        (tmp_path / "below").mkdir()
        await anext(changes)
        (tmp_path / "below" / "a.txt").write_text("text")
        await anext(changes)


async def test_what_changes_while_the_reader_is_busy_is_reported_afterwards(tmp_path: Path) -> None:
    async with aclosing(folder_changes(tmp_path, LONG)) as changes, asyncio.timeout(30):
        await anext(changes)
        (tmp_path / "a.txt").write_text("text")
        await asyncio.sleep(1)
        await anext(changes)


async def test_without_a_change_it_waits(tmp_path: Path) -> None:
    async with aclosing(folder_changes(tmp_path, LONG)) as changes:
        await anext(changes)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(changes), 1)


async def test_where_the_system_tells_nothing_it_looks_regularly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(28, "inotify watch limit reached")

    monkeypatch.setattr(module, "awatch", refused)
    async with aclosing(folder_changes(tmp_path, 0.01)) as changes, asyncio.timeout(30):
        for _ in range(5):
            await anext(changes)


async def test_a_folder_that_comes_back_is_noticed(tmp_path: Path) -> None:
    folder = tmp_path / "absent"
    async with aclosing(folder_changes(folder, 0.05)) as changes, asyncio.timeout(30):
        for _ in range(3):
            await anext(changes)
        folder.mkdir()
        await anext(changes)
