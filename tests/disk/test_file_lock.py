"""Locks on open files where the system has Unix's call, Windows', or none.

Windows' own call is not here: a stand-in keeps its rules.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from carrel.disk import file_lock


class WindowsLocks:
    """Locks a byte at the place of a descriptor, for that descriptor alone."""

    LK_UNLCK, LK_NBLCK = 0, 2

    def __init__(self) -> None:
        self.held: dict[tuple[int, int], int] = {}

    def locking(self, descriptor: int, mode: int, count: int) -> None:
        assert count == 1
        place = (os.fstat(descriptor).st_ino, os.lseek(descriptor, 0, os.SEEK_CUR))
        if mode == self.LK_UNLCK:
            del self.held[place]
        elif place in self.held:
            raise PermissionError
        else:
            self.held[place] = descriptor


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """Two descriptors of one file."""
    opened = [os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT, 0o600) for _ in range(2)]
    yield opened[0], opened[1]
    for descriptor in opened:
        os.close(descriptor)


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> WindowsLocks:
    locks = WindowsLocks()
    monkeypatch.setattr(file_lock, "_fcntl", None)
    monkeypatch.setattr(file_lock, "_msvcrt", locks)
    return locks


def check(holder: int, other: int) -> None:
    assert file_lock.is_free(other)
    assert file_lock.try_exclusive(holder)
    assert not file_lock.is_free(other)
    assert not file_lock.try_exclusive(other)


def test_one_descriptor_holds_the_lock(two: tuple[int, int]) -> None:
    check(*two)


def test_one_descriptor_holds_the_lock_of_windows_and_all_may_read(
    two: tuple[int, int], windows: WindowsLocks
) -> None:
    os.write(two[0], b"content")
    check(*two)
    # Windows lets nobody else read what is locked.
    assert [place for _, place in windows.held] == [file_lock.BEYOND_CONTENT]
    assert os.fstat(two[0]).st_size == 7


def test_a_waiting_process_gets_the_lock_of_windows_once_it_is_free(
    two: tuple[int, int], windows: WindowsLocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert file_lock.try_exclusive(two[0])
    monkeypatch.setattr(file_lock.time, "sleep", lambda _seconds: windows.held.clear())
    file_lock.wait_exclusive(two[1])
    assert list(windows.held.values()) == [two[1]]


def test_a_system_without_locks_is_worked_on_and_named(
    two: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_lock, "_fcntl", None)
    with capture_logs() as logged:
        assert file_lock.try_exclusive(two[0])
        assert file_lock.is_free(two[1])
    assert [each["event"] for each in logged] == ["lock.unavailable"]
