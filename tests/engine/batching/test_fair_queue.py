"""Who is served next when many wait for one model."""

from __future__ import annotations

from collections import Counter

import pytest

from carrel.engine.batching.fair_queue import FairQueue


@pytest.fixture
def queue() -> FairQueue[str]:
    """Three of one caller wait, and after them one of another."""
    made: FairQueue[str] = FairQueue()
    for item in ("a1", "a2", "a3"):
        made.put("a", item)
    made.put("b", "b1")
    return made


def test_callers_take_turns(queue: FairQueue[str]) -> None:
    nobody: Counter[str] = Counter()
    assert [queue.pop(nobody) for _ in range(4)] == ["a1", "b1", "a2", "a3"]
    with pytest.raises(IndexError):
        queue.pop(nobody)


def test_the_caller_who_has_less_running_comes_first(queue: FairQueue[str]) -> None:
    running = Counter(a=1)
    assert queue.order(running) == ["b1", "a1", "a2", "a3"]
    assert queue.peek(running) == "b1"
    assert queue.pop(running) == "b1"
    assert len(queue) == 3


def test_one_that_gives_up_leaves_the_line(queue: FairQueue[str]) -> None:
    assert queue.remove("a1")
    assert not queue.remove("a1")
    assert queue.pop(Counter()) == "a2"
    assert sorted(queue.clear()) == ["a3", "b1"]
    assert queue.peek(Counter()) is None
