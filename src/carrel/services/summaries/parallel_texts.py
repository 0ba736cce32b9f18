"""Generates several texts concurrently."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from carrel.core.chat import Finished, FinishReason, Message, SamplingParams, TextDelta
from carrel.core.errors import QueueFull
from carrel.core.protocols.adapters import Engine

LONGEST_PAUSE = 5.0
"""Maximum seconds before a busy model is tried again."""

Prompt = tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class WrittenText:
    """A text and the index of its prompt; ``cut`` says that it reached the maximum length."""

    index: int
    text: str
    cut: bool


@dataclass(frozen=True, slots=True)
class Writer:
    """A model that generates at most ``parallel`` texts at once, on behalf of ``caller``."""

    engine: Engine
    parallel: int
    caller: str = ""

    async def write(
        self, prompt: Prompt, sampling: SamplingParams
    ) -> AsyncGenerator[TextDelta | Finished]:
        """Yield the deltas of one text, and its end. Waits if the model's queue is full."""
        while True:
            generated = self.engine.generate(prompt, sampling, self.caller)
            try:
                async with aclosing(generated) as events:
                    async for event in events:
                        if isinstance(event, TextDelta | Finished):
                            yield event
                return
            except QueueFull as error:
                # Raised before anything is yielded: nothing is generated twice.
                await asyncio.sleep(min(error.retry_after, LONGEST_PAUSE))

    async def write_all(
        self, prompts: Sequence[Prompt], sampling: SamplingParams
    ) -> AsyncGenerator[WrittenText]:
        """Yield the texts as they are finished; closing the generator stops the model.

        An error of one of them ends them all, and is raised here.
        """
        places = asyncio.Semaphore(self.parallel)

        async def one(index: int, prompt: Prompt) -> WrittenText:
            async with places:
                return await self._whole(index, prompt, sampling)

        tasks = [asyncio.create_task(one(*each)) for each in enumerate(prompts)]
        try:
            for finished in asyncio.as_completed(tasks):
                yield await finished
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _whole(self, index: int, prompt: Prompt, sampling: SamplingParams) -> WrittenText:
        text: list[str] = []
        cut = False
        async with aclosing(self.write(prompt, sampling)) as events:
            async for event in events:
                if isinstance(event, Finished):
                    cut = event.reason is not FinishReason.STOP
                else:
                    text.append(event.text)
        return WrittenText(index, "".join(text).strip(), cut)
