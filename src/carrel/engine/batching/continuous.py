"""Continuous batching engine: each step computes one token of every answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from carrel.core.chat import Stage, StageChanged
from carrel.core.errors import GenerationFailed, ModelLoadFailed
from carrel.core.protocols.adapters import Engine
from carrel.engine.adapters.adapted import AdaptedEngine
from carrel.engine.batching.batch import Batch
from carrel.engine.batching.batch_model import BatchModel
from carrel.engine.batching.batch_worker import BatchWorker
from carrel.engine.batching.batcher import Batcher, BatchLimits
from carrel.engine.batching.self_check import check_adapter, probe
from carrel.engine.batching.sequence_state import SequenceState
from carrel.engine.local_engine import Ended, LocalEngine, LocalRequest
from carrel.engine.spec import LoadedModel


class ContinuousEngine(LocalEngine):
    """One model with continuous batching. Usable from several event loops.

    At most ``limits.rows`` requests run at once; up to ``waiting`` more are queued. A request with
    a seed is computed separately: its text depends on nothing else. ``SamplingParams.max_time``
    starts when the model starts on the request.
    """

    buffers_text = True

    def __init__(
        self, loaded: LoadedModel, model: BatchModel, limits: BatchLimits, waiting: int
    ) -> None:
        super().__init__(loaded, "continuous", min(loaded.context_length, limits.lane_tokens))
        self._model = model
        self._limits = limits
        self._worker = BatchWorker(loaded.name, self._new_batch, limits.rows, waiting)

    @property
    def passes(self) -> int:
        """The number of forward passes so far."""
        return self._model.passes

    def batch_rows(self) -> list[SequenceState]:
        """The running requests."""
        return self._worker.rows()

    def waiting(self) -> int:
        """The number of waiting requests."""
        return self._worker.waiting()

    def allocated_tokens(self) -> int:
        """Tokens whose keys and values fit now, cached prefixes included."""
        return self._worker.allocated_tokens()

    def kept_tokens(self) -> int:
        """Tokens that are cached as prefixes."""
        return self._worker.kept_tokens()

    def failure(self) -> str | None:
        """Why the model can no longer answer; see ``Engine.failure``."""
        return self._worker.failure()

    async def add_adapter(self, name: str, folder: Path) -> Engine:
        """Load an adapter between two passes; see ``AdapterHost.add_adapter``."""

        def add(_: Batch) -> None:
            self._adapters.add(name, folder)
            problem = check_adapter(self._model, name)
            if problem is not None:
                self._adapters.remove(name)
                raise ModelLoadFailed(
                    f"The adapter {folder.name} cannot be computed beside {self._info.name}: "
                    f"{problem}. Merge it into its base and load the result, or serve with "
                    "--engine=sequential."
                )

        await self._done(self._worker.between_passes(add))
        return AdaptedEngine(self, name)

    async def remove_adapter(self, name: str) -> None:
        """End the adapter's answers and remove it; see ``AdapterHost.remove_adapter``."""
        unloaded = GenerationFailed(f"Model {name} was unloaded while it answered.")
        self._worker.refuse_waiting(name, unloaded)

        def drop(batch: Batch) -> None:
            batch.drop_adapter(name, unloaded)
            self._adapters.remove(name)

        with suppress(GenerationFailed):  # closed: the adapter went with the base
            await self._done(self._worker.between_passes(drop))

    async def close(self) -> None:
        """Stop running requests and free the memory. Closing twice does nothing."""
        await asyncio.to_thread(self._worker.close)
        await asyncio.to_thread(self._prompts.close)
        self._model.close()
        self._adapters = None

    def _submit(self, request: LocalRequest) -> Callable[[], None]:
        mailbox = request.mailbox
        row = SequenceState(
            request.prepared,
            request.answer,
            self._prompts.processors(request.prepared, self._model.device),
            ended=lambda error: mailbox.send(Ended(error)),
            moved=lambda position: mailbox.send(StageChanged(Stage.WAITING, position)),
            adapter=request.adapter,
            caller=request.caller,
        )
        self._worker.submit(row)
        return lambda: self._worker.give_up(row)

    def _took(self, seconds: float) -> None:
        self._worker.took(seconds)

    def _new_batch(self) -> Batch:
        probe(self._model)
        return Batcher(self._model, self._limits, self._outbox.flush)
