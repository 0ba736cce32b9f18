"""Reading processes that outlive their readers, where somebody else keeps them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from carrel.ingest.sandbox.idle_processes import IdleProcesses
from carrel.ingest.sandbox.sandbox import ReadingLimits, SandboxedReaders
from samples.documents import write_text

TESTS = Path(__file__).resolve().parents[2]
LIMITS = ReadingLimits(seconds=60, bytes=2 << 30)
MORE = ReadingLimits(seconds=61, bytes=2 << 30)


@pytest.fixture
def idle() -> Iterator[IdleProcesses]:
    kept = IdleProcesses(most=2)
    yield kept
    kept.close()


@pytest.fixture
def question(tmp_path: Path) -> Path:
    """A file that is answered with the number of the process that reads it."""
    return write_text(tmp_path / "who.txt", "who")


def who(idle: IdleProcesses, question: Path, limits: ReadingLimits = LIMITS) -> int:
    """Read with readers that are made for it and closed after it."""
    readers = SandboxedReaders(limits, {}, ("samples.hostile_readers", "registry"), TESTS, idle)
    [section] = readers.reader_for(question, question.name).read(question)
    readers.close()
    return int(section.text)


def test_readers_of_one_kind_share_a_process_and_others_do_not(
    idle: IdleProcesses, question: Path
) -> None:
    first = who(idle, question)
    other = who(idle, question, MORE)
    assert who(idle, question) == first != other
    assert who(idle, question, MORE) == other


def test_one_that_has_died_is_replaced(idle: IdleProcesses, question: Path) -> None:
    first = psutil.Process(who(idle, question))
    first.kill()
    psutil.wait_procs([first], timeout=60)
    assert who(idle, question) != first.pid


def test_the_oldest_makes_space(idle: IdleProcesses, question: Path) -> None:
    limits = [ReadingLimits(seconds=each, bytes=2 << 30) for each in (60, 61, 62)]
    numbers = [who(idle, question, each) for each in limits]
    assert [psutil.pid_exists(each) for each in numbers] == [False, True, True]
    idle.close()
    assert not any(psutil.pid_exists(each) for each in numbers)
    assert not psutil.pid_exists(who(idle, question)), "one that comes back later ends, too"
