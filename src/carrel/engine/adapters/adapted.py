"""A LoRA adapter served as a model, over the engine of its base."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Protocol, runtime_checkable

from carrel.core.chat import EngineEvent, Message, ModelInfo, SamplingParams
from carrel.core.errors import GenerationFailed
from carrel.core.protocols.adapters import Engine


@runtime_checkable
class AdapterHost(Engine, Protocol):
    """An engine that serves adapters of its base. Usable from several event loops."""

    async def add_adapter(self, name: str, folder: Path) -> Engine:
        """Load an adapter and return the engine of the resulting model ``name``.

        Running answers continue.

        Raises:
            AlreadyExists: an adapter has that name.
            ModelLoadFailed: it does not fit the base, or cannot be loaded.
            GenerationFailed: the host is closed.
        """
        ...

    async def remove_adapter(self, name: str) -> None:
        """End the adapter's answers with ``GenerationFailed`` and remove it.

        Does nothing where there is no such adapter, or the host is closed.
        """
        ...

    def generate_with(
        self,
        adapter: str | None,
        messages: Sequence[Message],
        sampling: SamplingParams,
        caller: str = "",
    ) -> AsyncGenerator[EngineEvent]:
        """Generate with an adapter, or with the bare base for None; see ``Engine.generate``.

        ``Finished`` and errors name the adapter's model.
        """
        ...


class AdaptedEngine:
    """The model of one adapter. Closing it removes the adapter; closing the host ends it, too."""

    def __init__(self, host: AdapterHost, name: str) -> None:
        """Take a host that has the adapter ``name`` already."""
        self._host = host
        self._info = replace(host.info, name=name, adapter_of=host.info.name)
        self._closed = False

    @property
    def info(self) -> ModelInfo:
        """The model's name and its base, with the base's context length and placement."""
        return self._info

    def failure(self) -> str | None:
        """Why the model can no longer answer; see ``Engine.failure``."""
        return self._host.failure()

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return the length of the messages' prompt in tokens."""
        return await self._host.count_tokens(messages)

    async def generate(
        self, messages: Sequence[Message], sampling: SamplingParams, caller: str = ""
    ) -> AsyncGenerator[EngineEvent]:
        """Yield text deltas and, last, one ``Finished``; see ``Engine.generate``."""
        if self._closed:
            raise GenerationFailed(f"Model {self._info.name} was unloaded.")
        answer = self._host.generate_with(self._info.name, messages, sampling, caller)
        async with aclosing(answer) as events:
            async for event in events:
                yield event

    async def close(self) -> None:
        """Stop running answers and remove the adapter. Closing twice does nothing."""
        if not self._closed:
            self._closed = True
            await self._host.remove_adapter(self._info.name)
