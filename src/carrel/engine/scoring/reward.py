"""Scores answers with a reward model: a sequence classification model with one output."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING, Any

import structlog

from carrel.core.chat import Message
from carrel.core.errors import CarrelError, GenerationFailed, ModelNotReady
from carrel.core.log_reason import log_reason
from carrel.core.runtime.library_imports import library_imports
from carrel.core.runtime.own_thread import in_own_thread
from carrel.engine.source import first_line
from carrel.engine.spec import ModelSpec

if TYPE_CHECKING:
    from carrel.engine.scoring.reward_loader import LoadedReward

logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Job:
    """One answer in the worker thread."""

    loaded: LoadedReward
    messages: Sequence[Message]
    answer: str
    given_up: Event = field(default_factory=Event)


class RewardModel:
    """Scores with the raw output (the logit) of a reward model, in its own worker thread.

    Answers are queued. ``start`` loads the model in the same thread. It keeps the published number
    format, so that its scores are those of its authors: bfloat16 would make close answers equal.
    Only float16 becomes float32 on a CPU. ``spec`` is the model's location and device.
    """

    def __init__(self, spec: ModelSpec) -> None:
        self._spec = spec
        self._worker = ThreadPoolExecutor(1, thread_name_prefix=f"score {spec.name}")
        self._loading: Future[LoadedReward] | None = None
        self._closed = False

    @property
    def name(self) -> str:
        """The hub id, or the folder's name."""
        return self._spec.name

    def start(self) -> None:
        """Start loading; returns at once. Starting twice does nothing."""
        if self._loading is None and not self._closed:
            self._loading = self._worker.submit(_load, self._spec)

    def wait_until_ready(self) -> None:
        """Block until the model is loaded.

        Raises:
            ModelNotFound, ModelLoadFailed, StorageFull: it cannot be loaded.
        """
        self.start()
        if self._loading is not None:
            self._loading.result()

    async def score(self, messages: Sequence[Message], answer: str) -> float:
        """Return the score of the answer; see ``ResponseScorer.score``."""
        self._require_open()
        self.start()
        if self._loading is None or not self._loading.done():
            raise ModelNotReady(f"Score model {self.name} is still loading.")
        error = self._loading.exception()
        if error is not None:
            raise error.with_traceback(None)
        job = _Job(self._loading.result(), tuple(messages), answer)
        try:
            return await asyncio.wrap_future(self._worker.submit(self._score, job))
        finally:
            job.given_up.set()

    async def close(self) -> None:
        """Stop scoring and free the memory. Closing twice does nothing."""
        self._closed = True
        await asyncio.to_thread(self._worker.shutdown)
        self._loading = None

    def _require_open(self) -> None:
        if self._closed:
            raise GenerationFailed(f"Score model {self.name} was unloaded.")

    def _score(self, job: _Job) -> float:
        """Score, in the worker thread; answers that still wait at the end are refused."""
        self._require_open()
        try:
            with stopping(job.loaded.model, lambda: self._closed or job.given_up.is_set()):
                score = in_own_thread(lambda: _output(job), "score")
        except CarrelError:
            raise
        except GivenUp as error:
            raise GenerationFailed(f"Score model {self.name} was stopped.") from error
        # Code of any architecture, remote code too, can raise anything: it becomes a core error.
        except Exception as error:
            raise GenerationFailed(
                f"Score model {self.name} failed: {first_line(error)}."
            ) from error
        if not math.isfinite(score):
            raise GenerationFailed(f"Score model {self.name} gave {score}, which is no score.")
        return score


class GivenUp(Exception):
    """The request was cancelled."""


@contextmanager
def stopping(model: Any, given_up: Callable[[], bool]) -> Iterator[None]:
    """Make a torch model raise ``GivenUp`` at its next layer once ``given_up`` returns true.

    A long text takes seconds on a CPU; without this, a cancelled one would block all the others.
    """

    def check(*_: Any) -> None:
        if given_up():
            raise GivenUp

    handles = [module.register_forward_pre_hook(check) for module in model.modules()]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


# torch and transformers take seconds to import, and most servers score nothing.


def _load(spec: ModelSpec) -> LoadedReward:
    with library_imports():
        from carrel.engine.scoring.reward_loader import load_reward

    try:
        return in_own_thread(lambda: load_reward(spec), "load score model")
    except CarrelError as error:
        logger.warning("answers get no score", score_model=spec.name, reason=log_reason(error))
        raise


def _output(job: _Job) -> float:
    import torch

    model = job.loaded.model
    encoded = job.loaded.inputs.encode(job.messages, job.answer)
    tensors = {name: torch.tensor([ids], device=model.device) for name, ids in encoded.items()}
    with torch.inference_mode():
        return float(model(**tensors).logits[0, 0])
