"""Before the first word and after the last: the place in line, and the score."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from pathlib import Path

from playwright.sync_api import expect

from carrel.core.chat import EngineEvent, Message, SamplingParams, Stage, StageChanged
from carrel.engine.scripted import ScriptedEngine
from running.browsing import Visit
from running.live_server import LiveServer
from tiny.reward import save_pair_reward


class Busy(ScriptedEngine):
    """Lets each question wait at the third place of its line until it is free."""

    def __init__(self) -> None:
        super().__init__(["At last."])
        self.free = threading.Event()

    async def generate(
        self, messages: Sequence[Message], sampling: SamplingParams, caller: str = ""
    ) -> AsyncGenerator[EngineEvent]:
        """Yield the place in line, and then what the scripted engine yields."""
        yield StageChanged(Stage.WAITING, 3)
        await asyncio.to_thread(self.free.wait, 60)
        async with aclosing(super().generate(messages, sampling, caller)) as events:
            async for event in events:
                yield event


def test_a_question_that_waits_in_line_says_how_many_come_before(
    start: Callable[..., LiveServer],
    tab: Callable[..., Visit],
    screenshot: Callable[[Visit, str], None],
) -> None:
    engine = Busy()
    visitor = tab(start(engine, langchain_mode="LLM"))
    visitor.ask("Is it my turn?")
    expect(visitor.state).to_have_text("Queued, 2 before you…")
    screenshot(visitor, "waiting-in-line")
    engine.free.set()
    expect(visitor.answer).to_have_text("At last.")
    expect(visitor.state).not_to_contain_text("Queued")


def test_a_score_is_below_its_answer(
    start: Callable[..., LiveServer],
    tab: Callable[..., Visit],
    screenshot: Callable[[Visit, str], None],
    tmp_path: Path,
) -> None:
    folder = save_pair_reward(tmp_path / "reward")
    visitor = tab(start(langchain_mode="LLM", score_model=folder))
    visitor.ask_and_wait("Who reads there?")
    expect(visitor.answer).to_have_text("You asked: Who reads there?")
    expect(visitor.state).to_contain_text(" · score ")
    screenshot(visitor, "score")
