"""Work in a thread that ends with it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from contextvars import Context, copy_context
from threading import Thread
from typing import TypeVar

Result = TypeVar("Result")


def in_own_thread(work: Callable[[], Result], name: str) -> Result:
    """Do something in a new thread, wait for it, and return or raise what it does.

    For all that computes with several threads by OpenMP, as torch does on a processor. OpenMP keeps
    helpers for every thread that ever computed, until that thread ends, and once there are more of
    them than cores it lets those that wait for the next layer sleep: with the helpers of a thread
    that had loaded the model and did nothing more, a token of the bundled model took 31 ms on two
    cores, and without them 21.

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
    # Whatever it raises belongs to the caller.
    except BaseException as error:  # noqa: BLE001
        done.set_exception(error)
    finally:
        del done
