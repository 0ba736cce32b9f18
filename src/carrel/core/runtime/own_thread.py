"""Runs work in a new thread."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from contextvars import Context, copy_context
from threading import Thread
from typing import TypeVar

Result = TypeVar("Result")


def in_own_thread(work: Callable[[], Result], name: str) -> Result:
    """Run a function in a new thread, wait for it, and return or raise its result.

    For computations that OpenMP parallelises, as torch does on a CPU. OpenMP keeps worker threads
    for every thread that ever computed, until that thread ends; once there are more of them than
    cores, waiting workers sleep between layers: with the workers of a thread that had only loaded
    the model, a token of the bundled model took 31 ms on two cores, and 21 ms without them.

    The thread sees the caller's context variables and does not keep the process from ending.
    """
    done: Future[Result] = Future()
    given = (done, copy_context(), work)
    thread = Thread(target=_settle, args=given, name=name, daemon=True)
    del given
    thread.start()
    thread.join()
    try:
        return done.result()
    finally:
        del done  # an error holds this frame, and would hold itself through it


def _settle(done: Future[Result], context: Context, work: Callable[[], Result]) -> None:
    try:
        done.set_result(context.run(work))
    # The caller handles whatever it raises.
    except BaseException as error:  # noqa: BLE001
        done.set_exception(error)
    finally:
        del done
