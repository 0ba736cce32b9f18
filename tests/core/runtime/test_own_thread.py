"""Work in a thread that ends with it."""

from __future__ import annotations

import gc
import threading
import weakref
from contextvars import ContextVar

import pytest

from carrel.core.runtime.own_thread import in_own_thread

WORD: ContextVar[str] = ContextVar("word", default="none")


def test_the_result_comes_from_a_thread_that_has_ended() -> None:
    thread = in_own_thread(threading.current_thread, "own")
    assert thread is not threading.current_thread()
    assert (thread.name, thread.is_alive()) == ("own", False)


def test_an_error_reaches_the_caller() -> None:
    def fail() -> None:
        raise KeyError("missing")

    with pytest.raises(KeyError, match="missing"):
        in_own_thread(fail, "own")


def test_the_callers_context_is_seen() -> None:
    token = WORD.set("outside")
    try:
        assert in_own_thread(WORD.get, "own") == "outside"
    finally:
        WORD.reset(token)


def test_an_error_without_its_frames_keeps_nothing_alive() -> None:
    class Weights:
        pass

    def fail() -> None:
        weights = Weights()
        kept.append(weakref.ref(weights))
        raise KeyError("missing")

    kept: list[weakref.ref[Weights]] = []
    gc.disable()
    try:
        with pytest.raises(KeyError) as caught:
            in_own_thread(fail, "own")
        caught.value.__traceback__ = None
        error = caught.value
        del caught
        assert kept[0]() is None, error
    finally:
        gc.enable()
