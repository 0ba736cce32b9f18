"""The worker threads of a batch."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Condition, Thread
from typing import Any, TypeVar

import structlog

from carrel.core.errors import CarrelError, GenerationFailed, QueueFull
from carrel.core.runtime.own_thread import in_own_thread
from carrel.engine.batching.batch import Batch
from carrel.engine.batching.fair_queue import FairQueue
from carrel.engine.batching.sequence_state import SequenceState
from carrel.engine.source import first_line

RESTARTS = 1
"""Restarts of a failed batch without a completed answer in between."""

FIRST_GUESS = 5.0
"""Assumed duration of an answer in seconds before one has been measured."""

logger = structlog.get_logger()

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _Errand:
    """A task to run between two passes, and its future."""

    work: Callable[[Batch], Any]
    done: Future[Any]

    def run(self, batch: Batch) -> None:
        try:
            self.done.set_result(self.work(batch))
        # The caller that waits for the result handles whatever it raises.
        except Exception as error:  # noqa: BLE001
            self.done.set_exception(error)


@dataclass(slots=True)
class _State:
    """State shared by the thread and its callers, guarded by ``changed``."""

    queue: FairQueue[SequenceState] = field(default_factory=FairQueue)
    errands: deque[_Errand] = field(default_factory=deque)
    changed: Condition = field(default_factory=Condition)
    closing: bool = False
    failure: str | None = None
    answered: bool = False
    seconds: float = FIRST_GUESS


class BatchWorker:
    """Runs batches of one model until it is closed.

    A failed batch is restarted ``RESTARTS`` times in a row; then the model is disabled.

    One thread waits for work and passes it to a second thread, which ends when the model is idle:
    see ``in_own_thread``.

    ``new_batch`` makes an empty batch and may test the model: it raises if that fails.
    """

    def __init__(self, name: str, new_batch: Callable[[], Batch], rows: int, waiting: int) -> None:
        self._name = name
        self._new_batch = new_batch
        self._rows = rows
        self._most_waiting = waiting
        self._state = _State()
        self._batch: Batch | None = None
        self._thread = Thread(target=self._run, name=f"generate {name}", daemon=True)
        self._thread.start()

    def failure(self) -> str | None:
        """Why the worker has stopped, None while it runs."""
        with self._state.changed:
            return self._state.failure

    def rows(self) -> list[SequenceState]:
        """The rows in the batch."""
        return self._batch.rows if self._batch is not None else []

    def waiting(self) -> int:
        """The number of waiting rows."""
        with self._state.changed:
            return len(self._state.queue)

    def allocated_tokens(self) -> int:
        """Token capacity of the batch; see ``Batch``."""
        return self._batch.allocated_tokens if self._batch is not None else 0

    def kept_tokens(self) -> int:
        """Tokens of finished sequences that are cached; see ``Batch``."""
        return self._batch.kept_tokens if self._batch is not None else 0

    def submit(self, row: SequenceState) -> None:
        """Queue a row.

        Raises:
            QueueFull: too many wait already.
            GenerationFailed: the worker was closed or has failed.
        """
        state = self._state
        with state.changed:
            if state.closing:
                raise GenerationFailed(f"Model {self._name} was unloaded.")
            if state.failure is not None:
                raise GenerationFailed(state.failure)
            if len(state.queue) >= self._most_waiting:
                raise self._full(len(state.queue))
            state.queue.put(row.caller, row)
            state.changed.notify_all()

    def give_up(self, row: SequenceState) -> None:
        """Remove a row before the next pass; one that has ended is ignored."""
        row.given_up.set()
        with self._state.changed:
            self._state.queue.remove(row)
            self._state.changed.notify_all()

    def refuse_waiting(self, adapter: str, error: CarrelError) -> None:
        """End the waiting rows of an adapter."""
        with self._state.changed:
            queue = self._state.queue
            refused = [row for row in queue.items() if row.adapter == adapter]
            for row in refused:
                queue.remove(row)
        for row in refused:
            row.ended(error)

    def took(self, seconds: float) -> None:
        """Record how long an answer took, to estimate ``retry_after``."""
        with self._state.changed:
            self._state.answered = True
            self._state.seconds += (seconds - self._state.seconds) / 10

    def between_passes(self, errand: Callable[[Batch], Result]) -> Future[Result]:
        """Run a task in the thread while no pass runs."""
        done: Future[Result] = Future()
        with self._state.changed:
            if self._state.closing or self._state.failure is not None:
                done.set_exception(GenerationFailed(f"Model {self._name} was unloaded."))
            else:
                self._state.errands.append(_Errand(errand, done))
                self._state.changed.notify_all()
        return done

    def close(self) -> None:
        """End all answers and the thread; returns when it has ended."""
        with self._state.changed:
            self._state.closing = True
            self._state.changed.notify_all()
        self._thread.join()

    def _full(self, waiting: int) -> QueueFull:
        rounds = math.ceil(waiting / self._rows)
        return QueueFull(
            f"{waiting} requests wait for model {self._name} already: try again later.",
            max(1.0, rounds * self._state.seconds),
        )

    def _run(self) -> None:
        restarts = 0
        while True:
            try:
                self._batch = in_own_thread(self._new_batch, self._thread.name)
                self._recovered()
                self._serve(self._batch)
            # A forward pass of any model can raise anything; nothing above this thread sees it.
            except Exception as error:
                restarts = 0 if self._has_answered() else restarts
                final = restarts == RESTARTS
                logger.exception("generation failed", model=self._name, restarting=not final)
                self._fail(error, final)
                if final:
                    break
                restarts += 1
            else:
                break
        self._end_all(lambda name: f"Model {name} was unloaded while it answered.")
        self._batch = None

    def _serve(self, batch: Batch) -> None:
        while self._wait_for_work():
            in_own_thread(lambda: self._work(batch), self._thread.name)

    def _wait_for_work(self) -> bool:
        """Block until there is something to do; false means only to close."""
        state = self._state
        with state.changed:
            while not (state.closing or state.errands or len(state.queue)):
                state.changed.wait()
            return not state.closing

    def _work(self, batch: Batch) -> None:
        """Run tasks and compute until nothing is left to do."""
        state = self._state
        busy = False
        while True:
            with state.changed:
                if state.closing or not (busy or state.errands or len(state.queue)):
                    return
                errands = list(state.errands)
                state.errands.clear()
            for errand in errands:
                errand.run(batch)
            while (row := self._next_row(batch)) is not None:
                self._take_in(batch, row)
            busy = batch.step()

    def _take_in(self, batch: Batch, row: SequenceState) -> None:
        try:
            batch.take_in(row)
        # There may be no memory for it; the running rows have theirs.
        except Exception as error:
            logger.exception("a request was not taken in", model=self._name)
            row.ended(
                GenerationFailed(
                    f"Model {row.adapter or self._name} has not enough memory for this request: "
                    f"{first_line(error)}."
                )
            )

    def _has_answered(self) -> bool:
        """Whether an answer has ended since the last call."""
        with self._state.changed:
            answered, self._state.answered = self._state.answered, False
            return answered

    def _next_row(self, batch: Batch) -> SequenceState | None:
        """Take the next row from the queue, if it fits the batch."""
        running = Counter(row.caller for row in batch.rows)
        with self._state.changed:
            queue = self._state.queue
            row = queue.peek(running)
            if row is not None and batch.fits(row):
                return queue.pop(running)
            for position, waiting in enumerate(queue.order(running), start=1):
                waiting.set_position(position)
            return None

    def _recovered(self) -> None:
        with self._state.changed:
            self._state.failure = None

    def _fail(self, error: Exception, final: bool) -> None:
        hope = "Unload it and load it again" if final else "It is being restarted: try again soon"
        failure = f"Model {self._name} failed: {first_line(error)}. {hope}."
        with self._state.changed:
            self._state.failure = failure
        self._end_all(lambda name: failure)

    def _end_all(self, message: Callable[[str], str]) -> None:
        """End everything that runs or waits with the message for its model's name."""
        batch, self._batch = self._batch, None
        with self._state.changed:
            rows = self._state.queue.clear()
            errands = list(self._state.errands)
            self._state.errands.clear()
        for errand in errands:
            errand.done.set_exception(GenerationFailed(message(self._name)))
        for row in [*rows, *(batch.rows if batch is not None else ())]:
            row.ended(GenerationFailed(message(row.adapter or self._name)))
