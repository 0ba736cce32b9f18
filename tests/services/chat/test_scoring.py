"""Scores of answers: after the text, and never in its way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from carrel.bootstrap import Application
from carrel.core.access import Principal
from carrel.core.chat import (
    AnswerScored,
    ChatEvent,
    ChatRequest,
    Finished,
    Message,
    Role,
    Scope,
    SourcesCited,
    Stage,
    StageChanged,
    TextDelta,
)
from carrel.core.errors import CarrelError, GenerationFailed, ModelNotFound, ModelNotReady
from carrel.core.protocols.adapters import Embedder
from carrel.core.protocols.scoring import ResponseScorer
from carrel.services.chat.chat import ChatPolicy, ChatService
from carrel.services.chat.scoring import AnswerScoring
from carrel.settings.schema import Settings
from running.shared_readers import build
from texts import ingest_texts
from tiny.reward import save_pair_reward

QUESTION = (Message(Role.USER, "Who is the harbor master?"),)


class Judge:
    """Scores as given, once it may; remembers what it was asked."""

    name = "judge"

    def __init__(self, verdict: float | CarrelError, *, waits: bool = False) -> None:
        self._verdict = verdict
        self.asked: list[tuple[Sequence[Message], str]] = []
        self.may_answer = asyncio.Event()
        self.cancelled = False
        if not waits:
            self.may_answer.set()

    async def score(self, messages: Sequence[Message], answer: str) -> float:
        self.asked.append((messages, answer))
        try:
            await self.may_answer.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        if isinstance(self._verdict, CarrelError):
            raise self._verdict
        return self._verdict

    async def close(self) -> None:
        """Nothing is held."""


def chat_with(
    application: Application, scorer: ResponseScorer, seconds: float = 3600
) -> ChatService:
    services = application.services
    policy = ChatPolicy("Be brief.", 1800)
    scoring = AnswerScoring(scorer, seconds)
    return ChatService(services.models, services.retrieval, policy, scoring)


def asked(scope: Scope | None = None) -> ChatRequest:
    return ChatRequest(QUESTION, Principal(), scope=scope)


async def collect(events: AsyncIterator[ChatEvent]) -> list[ChatEvent]:
    return [event async for event in events]


async def test_the_score_comes_after_the_sources_and_before_the_end(
    application: Application,
) -> None:
    await ingest_texts(application, {"harbor.txt": "The harbor master is Ada Lind."})
    judge = Judge(0.5)
    events = await collect(chat_with(application, judge).answer(asked(Scope(("UserData",)))))
    last = [event for event in events if not isinstance(event, TextDelta)][-4:]
    assert isinstance(last[0], SourcesCited)
    assert last[1:3] == [StageChanged(Stage.SCORING), AnswerScored(0.5, "judge")]
    assert isinstance(last[3], Finished)
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    # Judged is what the user said, without the system message and the sources added to it.
    assert judge.asked == [(QUESTION, text)]


async def test_all_text_and_the_sources_arrive_before_the_score_is_ready(
    application: Application,
) -> None:
    judge = Judge(0.5, waits=True)
    early: list[ChatEvent] = []
    async with aclosing(chat_with(application, judge).answer(asked())) as events:
        async for event in events:
            early.append(event)
            if event == StageChanged(Stage.SCORING):
                break
        text = "".join(event.text for event in early if isinstance(event, TextDelta))
        assert text.startswith("You asked: ")
        assert judge.asked == []
        judge.may_answer.set()
        assert [type(event) async for event in events] == [AnswerScored, Finished]
    assert judge.asked == [(QUESTION, text)]


async def test_the_model_is_free_for_others_while_an_answer_is_scored(
    application: Application,
) -> None:
    slow, quick = Judge(1.0, waits=True), Judge(2.0)
    first = asyncio.create_task(collect(chat_with(application, slow).answer(asked())))
    while not slow.asked:
        await asyncio.sleep(0)
    assert AnswerScored(2.0, "judge") in await collect(
        chat_with(application, quick).answer(asked())
    )
    slow.may_answer.set()
    assert AnswerScored(1.0, "judge") in await first


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ModelNotReady("Still loading."), "Still loading."),
        (GenerationFailed("It broke over 'a question'."), "generation_failed"),
    ],
)
async def test_a_failed_score_leaves_the_answer_and_says_why(
    application: Application, error: CarrelError, reason: str
) -> None:
    with capture_logs() as logs:
        events = await collect(chat_with(application, Judge(error)).answer(asked()))
    assert isinstance(events[-1], Finished)
    assert not [event for event in events if isinstance(event, AnswerScored)]
    assert [(each["log_level"], each["reason"]) for each in logs] == [("warning", reason)]


async def test_a_score_that_takes_too_long_is_left_out_and_given_up(
    application: Application,
) -> None:
    judge = Judge(0.5, waits=True)
    with capture_logs() as logs:
        events = await collect(chat_with(application, judge, 0.01).answer(asked()))
    assert isinstance(events[-1], Finished)
    assert not [event for event in events if isinstance(event, AnswerScored)]
    assert judge.cancelled
    assert [each["reason"] for each in logs] == ["it took longer than score_seconds, 0.01 s"]


async def test_leaving_while_the_answer_is_scored_gives_the_score_up(
    application: Application,
) -> None:
    judge = Judge(0.5, waits=True)
    reading = asyncio.create_task(collect(chat_with(application, judge).answer(asked())))
    while not judge.asked:
        await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert judge.cancelled


async def test_an_answer_without_text_is_not_scored() -> None:
    judge = Judge(0.5)
    assert await AnswerScoring(judge, 1).score(QUESTION, " \n") is None
    assert judge.asked == []


async def test_the_settings_name_the_score_model(
    make_settings: Callable[..., Settings], embedder: Embedder, tmp_path: Path
) -> None:
    folder = save_pair_reward(tmp_path / "reward")
    settings = make_settings(engine="scripted", score_model=folder)
    application = build(settings, embedder)
    try:
        application.start()
        application.wait_until_ready()
        application.wait_for_score_model()
        events = await collect(application.services.chat.answer(asked()))
        assert [event.model for event in events if isinstance(event, AnswerScored)] == ["reward"]
    finally:
        await application.close()


async def test_a_score_model_that_does_not_load_never_keeps_carrel_from_answering(
    make_settings: Callable[..., Settings], embedder: Embedder, tmp_path: Path
) -> None:
    folder = save_pair_reward(tmp_path / "classes", labels=3)
    application = build(make_settings(engine="scripted", score_model=folder), embedder)
    try:
        application.start()
        application.wait_until_ready()
        with pytest.raises(CarrelError, match="3 numbers"):
            application.wait_for_score_model()
        with capture_logs() as logs:
            events = await collect(application.services.chat.answer(asked()))
        assert isinstance(events[-1], Finished)
        assert "3 numbers" in logs[0]["reason"]
        assert (await application.services.health.check()).ready
    finally:
        await application.close()


async def test_an_unknown_score_model_is_reported_to_who_waits_for_it(
    make_settings: Callable[..., Settings], embedder: Embedder
) -> None:
    settings = make_settings(engine="scripted", score_model="nobody/nothing")
    application = build(settings, embedder)
    try:
        with pytest.raises(ModelNotFound, match="nobody/nothing"):
            application.wait_for_score_model()
    finally:
        await application.close()
