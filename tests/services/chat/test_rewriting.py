"""Who rewrites a follow-up question, and what becomes of what a model writes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace

import pytest

from carrel.bootstrap import Application
from carrel.core.access import Principal
from carrel.core.chat import (
    ChatRequest,
    EngineEvent,
    Message,
    ModelInfo,
    PassagesFound,
    QueryRewritten,
    Role,
    SamplingParams,
    Scope,
)
from carrel.core.errors import GenerationFailed
from carrel.core.protocols.adapters import Embedder
from carrel.engine.scripted import ScriptedEngine
from carrel.services.chat.follow_up_rule import Turn
from carrel.services.chat.rewriting import (
    LONGEST_ANSWER,
    LONGEST_QUERY,
    Rewriting,
    prompt_of,
    turns_of,
    usable,
)
from carrel.services.model_size import SMALL_MODEL
from carrel.settings.document_settings import FollowUpWay
from carrel.settings.schema import Settings
from running.shared_readers import build
from texts import ingest_texts

TURNS = [Turn("What was the revenue of Acme in 2022?", "It was 41 million.")]
FOLLOW_UP = "And in 2021?"
BY_RULE = "What was the revenue of Acme in 2021?"
BY_MODEL = "What was Acme's revenue in 2021?"


def conversation(*turns: Turn, last: str = FOLLOW_UP) -> list[Message]:
    messages = []
    for turn in turns:
        messages += [Message(Role.USER, turn.question), Message(Role.ASSISTANT, turn.answer)]
    return [*messages, Message(Role.USER, last)]


class SizedEngine(ScriptedEngine):
    """A scripted engine that says how large its model is."""

    def __init__(self, answer: str, parameters: int | None, engine: str = "continuous") -> None:
        super().__init__([answer])
        self.asked: list[Sequence[Message]] = []
        self._sized = replace(super().info, parameters=parameters, engine=engine)

    @property
    def info(self) -> ModelInfo:
        return self._sized

    async def generate(
        self, messages: Sequence[Message], sampling: SamplingParams, caller: str = ""
    ) -> AsyncGenerator[EngineEvent]:
        self.asked.append(messages)
        async for event in super().generate(messages, sampling, caller):
            yield event


class BrokenEngine(SizedEngine):
    """An engine that fails."""

    async def generate(
        self, messages: Sequence[Message], sampling: SamplingParams, caller: str = ""
    ) -> AsyncGenerator[EngineEvent]:
        raise GenerationFailed("It broke.")
        yield


@pytest.mark.parametrize(
    ("way", "parameters", "engine", "expected"),
    [
        (FollowUpWay.AUTO, SMALL_MODEL, "continuous", BY_MODEL),
        (FollowUpWay.AUTO, SMALL_MODEL - 1, "continuous", BY_RULE),
        (FollowUpWay.AUTO, None, "scripted", BY_RULE),
        (FollowUpWay.AUTO, None, "remote", BY_MODEL),
        (FollowUpWay.MODEL, 1, "continuous", BY_MODEL),
        (FollowUpWay.RULE, SMALL_MODEL, "continuous", BY_RULE),
        (FollowUpWay.NEVER, SMALL_MODEL, "continuous", FOLLOW_UP),
    ],
)
async def test_the_setting_and_the_size_decide_who_rewrites(
    way: FollowUpWay, parameters: int | None, engine: str, expected: str
) -> None:
    asked = SizedEngine(BY_MODEL, parameters, engine)
    assert await Rewriting(way).query(conversation(*TURNS), asked) == expected
    assert bool(asked.asked) == (expected == BY_MODEL)


async def test_a_first_question_is_not_rewritten() -> None:
    engine = SizedEngine("Something else.", SMALL_MODEL)
    assert (
        await Rewriting().query(conversation(last="Who founded it?"), engine) == "Who founded it?"
    )
    assert engine.asked == []


async def test_the_rule_decides_where_the_model_fails() -> None:
    engine = BrokenEngine("", SMALL_MODEL)
    assert await Rewriting().query(conversation(*TURNS), engine) == BY_RULE


@pytest.mark.parametrize(
    "written",
    ["", " \n ", "The capital of France is Paris, a beautiful city.", "revenue " * 100, "?!"],
)
async def test_the_rule_decides_where_the_model_writes_nothing_of_use(written: str) -> None:
    engine = SizedEngine(written, SMALL_MODEL)
    assert await Rewriting().query(conversation(*TURNS), engine) == BY_RULE


@pytest.mark.parametrize(
    "written",
    [
        f'"{BY_MODEL}"',
        f"Question: {BY_MODEL}",
        f"Stand-alone question: {BY_MODEL}",
        f"\n{BY_MODEL}\nThe revenue of Acme in 2021 was nothing.",
    ],
)
def test_a_query_is_one_line_without_label_and_quotes(written: str) -> None:
    assert usable(written, FOLLOW_UP, TURNS) == BY_MODEL


def test_the_model_is_shown_a_bounded_conversation_and_no_documents() -> None:
    long = Turn("q " * 1000, "a " * 1000)
    system, asked = prompt_of(FOLLOW_UP, [long])
    assert system.role is Role.SYSTEM
    question, answer, last = asked.content.split("\n")
    assert len(question) <= LONGEST_QUERY + len("Question: ")
    assert len(answer) <= LONGEST_ANSWER + len("Answer: ")
    assert last == f"Last question: {FOLLOW_UP}"


def test_a_history_is_taken_apart_whatever_its_order() -> None:
    messages = [
        Message(Role.SYSTEM, "s"),
        Message(Role.ASSISTANT, "hello"),
        Message(Role.USER, "a"),
        Message(Role.USER, "b"),
        Message(Role.ASSISTANT, "c"),
    ]
    assert turns_of(messages) == [Turn("a"), Turn("b", "c")]


async def test_a_follow_up_finds_what_it_means_and_the_model_gets_it_as_it_was_asked(
    make_settings: Callable[..., Settings], embedder: Embedder
) -> None:
    # Whole, the texts would all be given.
    settings = make_settings(engine="scripted", whole_documents="never")
    application = build(settings, embedder)
    application.wait_until_ready()
    texts = {
        f"{name}-{year}.txt": f"The annual report of {name} for {year} names its revenue."
        for name in ("Acme", "Initech")
        for year in (2020, 2021, 2022)
    }
    await ingest_texts(application, texts)
    asked = conversation(Turn("What was the revenue of Initech in 2022?", "41 million."))
    request = ChatRequest(tuple(asked), Principal(), scope=Scope(("UserData",), top_k=1))
    events = [event async for event in application.services.chat.answer(request)]
    [rewritten] = [event for event in events if isinstance(event, QueryRewritten)]
    assert rewritten.query == "What was the revenue of Initech in 2021?"
    [passages] = [event.chunks for event in events if isinstance(event, PassagesFound)]
    assert passages[0].document_name == "Initech-2021.txt"
    text = "".join(getattr(event, "text", "") for event in events)
    assert FOLLOW_UP in text
    assert rewritten.query not in text
    await application.close()


async def test_a_standalone_second_question_is_searched_for_as_it_is(
    application: Application,
) -> None:
    await ingest_texts(application, {"oslo.txt": "The mayor of Oslo is Kari."})
    asked = conversation(*TURNS, last="Who is the mayor of Oslo?")
    request = ChatRequest(tuple(asked), Principal(), scope=Scope(("UserData",)))
    events = [event async for event in application.services.chat.answer(request)]
    assert not [event for event in events if isinstance(event, QueryRewritten)]


async def test_the_setting_reaches_the_chat(
    make_settings: Callable[..., Settings], embedder: Embedder
) -> None:
    built = build(make_settings(engine="scripted", follow_up="never"), embedder)
    try:
        built.wait_until_ready()
        await ingest_texts(built, {"acme.txt": "Acme earned 41 million."})
        request = ChatRequest(tuple(conversation(*TURNS)), Principal(), scope=Scope(("UserData",)))
        events = [event async for event in built.services.chat.answer(request)]
        assert not [event for event in events if isinstance(event, QueryRewritten)]
    finally:
        await built.close()
