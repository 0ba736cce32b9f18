"""The lock on a data folder, with real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from carrel.core.errors import InvalidSetting, StoreInUse
from carrel.storage.lock import DataFolderLock, Holder

ADDRESS = "http://127.0.0.1:7860"
HOLD = """
import sys
from pathlib import Path
from carrel.storage.lock import DataFolderLock
lock = DataFolderLock(Path(sys.argv[1]))
lock.acquire()
if len(sys.argv) > 2:
    lock.publish(sys.argv[2])
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def another_process(folder: Path, *address: str) -> Iterator[subprocess.Popen[str]]:
    """Hold the folder in a process of its own."""
    command = [sys.executable, "-c", HOLD, str(folder), *address]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_free_folder_has_no_holder(tmp_path: Path) -> None:
    assert DataFolderLock.holder(tmp_path) is None
    assert DataFolderLock.holder(tmp_path / "missing") is None


def test_a_held_folder_is_refused_with_the_process_that_holds_it(tmp_path: Path) -> None:
    with another_process(tmp_path) as process:
        assert DataFolderLock.holder(tmp_path) == Holder(process.pid)
        with pytest.raises(StoreInUse) as refused:
            DataFolderLock(tmp_path).acquire()
    message = str(refused.value)
    assert str(tmp_path) in message
    assert f"process {process.pid}:" in message
    assert "--db_dir" in message
    assert "\n" not in message


def test_a_holder_that_serves_is_named_with_its_address(tmp_path: Path) -> None:
    with another_process(tmp_path, ADDRESS) as process:
        assert DataFolderLock.holder(tmp_path) == Holder(process.pid, ADDRESS)
        with pytest.raises(StoreInUse, match=f"process {process.pid}, which serves {ADDRESS}"):
            DataFolderLock(tmp_path).acquire()


def test_a_killed_process_holds_nothing_although_its_file_stays(tmp_path: Path) -> None:
    with another_process(tmp_path, ADDRESS) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert str(process.pid) in (tmp_path / ".lock").read_text()
        assert DataFolderLock.holder(tmp_path) is None
    lock = DataFolderLock(tmp_path)
    lock.acquire()
    assert DataFolderLock.holder(tmp_path) == Holder(os.getpid())
    lock.release()


def test_a_released_folder_is_free_for_another_process(tmp_path: Path) -> None:
    lock = DataFolderLock(tmp_path)
    lock.acquire()
    lock.publish(ADDRESS)
    assert DataFolderLock.holder(tmp_path) == Holder(os.getpid(), ADDRESS)
    lock.release()
    lock.release()
    assert DataFolderLock.holder(tmp_path) is None
    with another_process(tmp_path) as process:
        assert DataFolderLock.holder(tmp_path) == Holder(process.pid)


def test_a_second_lock_of_the_same_process_is_refused(tmp_path: Path) -> None:
    first, second = DataFolderLock(tmp_path), DataFolderLock(tmp_path)
    first.acquire()
    with pytest.raises(StoreInUse, match=str(os.getpid())):
        second.acquire()
    first.release()
    second.acquire()
    second.release()


def test_a_shorter_address_leaves_nothing_of_a_longer_one(tmp_path: Path) -> None:
    lock = DataFolderLock(tmp_path)
    lock.acquire()
    lock.publish(ADDRESS + "/a/long/path")
    lock.publish(ADDRESS)
    assert DataFolderLock.holder(tmp_path) == Holder(os.getpid(), ADDRESS)
    lock.release()


def test_a_held_folder_with_an_unreadable_file_still_counts_as_held(tmp_path: Path) -> None:
    lock = DataFolderLock(tmp_path)
    lock.acquire()
    (tmp_path / ".lock").write_text("[]")
    assert DataFolderLock.holder(tmp_path) == Holder(None)
    with pytest.raises(StoreInUse, match="another process"):
        DataFolderLock(tmp_path).acquire()
    lock.release()


def test_a_lock_that_cannot_be_written_is_a_wrong_setting(tmp_path: Path) -> None:
    # A folder of that name cannot be opened for writing, not even by an administrator.
    (tmp_path / ".lock").mkdir()
    with pytest.raises(InvalidSetting, match="--db_dir"):
        DataFolderLock(tmp_path).acquire()


def test_only_the_holder_may_publish(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="holder"):
        DataFolderLock(tmp_path).publish(ADDRESS)
