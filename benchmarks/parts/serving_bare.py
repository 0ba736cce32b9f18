"""Carrel's engine alone, in a process of its own, without any server.

The command line is Carrel's. Prints ``ready``, then reads loads from standard input, one a line,
and prints their outcomes.
"""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import aclosing

from carrel.core.chat import Finished, Message, Role, SamplingParams, TextDelta
from carrel.core.protocols.adapters import Engine
from carrel.engine.build import model_loaders
from carrel.settings.load import load_settings
from carrel.settings.process_environment import prepare_environment
from serving_load import Load, Outcome, Served


async def ask(engine: Engine, prompt: str, new_tokens: int) -> Served:
    """Read one answer to its end."""
    sampling = SamplingParams(max_new_tokens=new_tokens, min_new_tokens=new_tokens)
    sent = time.perf_counter()
    first = last = 0.0
    async with aclosing(engine.generate([Message(Role.USER, prompt)], sampling)) as events:
        async for event in events:
            if isinstance(event, TextDelta) and event.text:
                last = time.perf_counter() - sent
                first = first or last
            if isinstance(event, Finished):
                usage = event.usage
    return Served(first, last, usage.completion_tokens, usage.prompt_tokens)


async def run(engine: Engine, asked: Load) -> Outcome:
    """Let all users ask, each its own prompts in turn."""

    async def user(prompts: list[str]) -> list[Served]:
        return [await ask(engine, each, asked.new_tokens) for each in prompts]

    started = time.perf_counter()
    answers = await asyncio.gather(*(user(list(each)) for each in asked.prompts))
    seconds = time.perf_counter() - started
    return Outcome(seconds, [answer for each in answers for answer in each])


async def serve(engine: Engine) -> None:
    """Run one load after the other until standard input ends."""
    print("ready", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        print((await run(engine, Load.from_json(line))).to_json(), flush=True)
    await engine.close()


def main() -> None:
    """Load the model that the command line names, and serve."""
    prepare_environment(offline=True)
    flags = dict(word.removeprefix("--").split("=", 1) for word in sys.argv[1:])
    settings = load_settings(flags, {}).settings
    asyncio.run(serve(model_loaders(settings)[0].load()))


if __name__ == "__main__":
    main()
