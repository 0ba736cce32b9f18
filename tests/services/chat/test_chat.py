"""One turn of a chat over documents, with real stores and the scripted engine."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path

import pytest

from carrel.bootstrap import Application
from carrel.core.access import Principal
from carrel.core.chat import (
    ChatEvent,
    ChatRequest,
    EngineEvent,
    Finished,
    Message,
    PassagesFound,
    Role,
    SamplingParams,
    Scope,
    SentenceChecked,
    SourcesCited,
    Stage,
    StageChanged,
    TextDelta,
)
from carrel.core.errors import (
    CollectionNotFound,
    DocumentNotFound,
    InvalidRequest,
    ModelNotFound,
    NothingToSearch,
    PromptTooLong,
    QueryTooLong,
    TooManyMessages,
)
from carrel.core.protocols.adapters import Embedder
from carrel.core.request_limits import LONGEST_QUERY, MOST_MESSAGES
from carrel.engine.scripted import ScriptedEngine
from carrel.services.chat.abstention import OWN_KNOWLEDGE
from carrel.services.citations.citing import passages_of
from carrel.settings.schema import Settings
from running.live_server import pool_of, with_pool
from running.shared_readers import build
from texts import ingest_texts

ME = Principal()
IN_USER_DATA = Scope(("UserData",))


def request(text: str, scope: Scope | None = IN_USER_DATA, **changes: object) -> ChatRequest:
    return ChatRequest((Message(Role.USER, text),), ME, scope=scope, **changes)


async def events_of(application: Application, asked: ChatRequest) -> list[ChatEvent]:
    return [event async for event in application.services.chat.answer(asked)]


async def test_the_events_of_an_answer_come_in_order(application: Application) -> None:
    await ingest_texts(application, {"harbor.txt": "The harbor master is Ada Lind."})
    events = await events_of(application, request("Who is the harbor master?"))
    stages = [event.stage for event in events if isinstance(event, StageChanged)]
    assert stages == [Stage.READING_DOCUMENTS, Stage.WAITING, Stage.WRITING]
    aside = StageChanged | SentenceChecked
    kinds = [type(event) for event in events if not isinstance(event, aside)]
    deltas = kinds.count(TextDelta)
    assert deltas > 0
    assert kinds == [PassagesFound, *[TextDelta] * deltas, SourcesCited, Finished]
    [sources] = [event.sources for event in events if isinstance(event, SourcesCited)]
    assert sources[0].document == "harbor.txt"
    assert sources[0].quote == "The harbor master is Ada Lind."
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert finished.model == "scripted"
    assert finished.usage.completion_tokens > 0


async def test_without_a_scope_no_document_is_read(application: Application) -> None:
    events = await events_of(application, request("Hello", None))
    assert not [each for each in events if isinstance(each, PassagesFound | SourcesCited)]


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        (request("Anything?"), NothingToSearch),
        (request("Anything?", Scope(("Nowhere",))), CollectionNotFound),
        (request("Anything?", Scope(("UserData",), ("absent",))), DocumentNotFound),
        (request("Anything?", Scope(())), InvalidRequest),
        (request("   "), InvalidRequest),
        (request("Anything?", None, model="absent"), ModelNotFound),
        (request("word " * 30000, None), PromptTooLong),
        (ChatRequest((), ME), InvalidRequest),
        (ChatRequest((Message(Role.ASSISTANT, "x"),), ME), InvalidRequest),
    ],
)
async def test_what_cannot_be_answered_is_refused(
    application: Application, asked: ChatRequest, error: type[Exception]
) -> None:
    with pytest.raises(error) as caught:
        await events_of(application, asked)
    assert "\n" not in str(caught.value)


async def test_only_the_chosen_document_is_searched(application: Application) -> None:
    texts = {"oslo.txt": "The mayor of Oslo is Kari.", "bergen.txt": "The mayor of Bergen is Per."}
    ids = await ingest_texts(application, texts)
    scope = Scope(("UserData",), (ids["bergen.txt"],))
    events = await events_of(application, request("Who is the mayor of Oslo?", scope))
    [passages] = [event.chunks for event in events if isinstance(event, PassagesFound)]
    assert {each.document_name for each in passages} == {"bergen.txt"}


class CountingEngine(ScriptedEngine):
    """Remembers how often it counted, and the prompt that it answered."""

    counts = 0
    answered: Sequence[Message] = ()

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        self.counts += 1
        return await super().count_tokens(messages)

    def generate(
        self, messages: Sequence[Message], sampling: SamplingParams, caller: str = ""
    ) -> AsyncGenerator[EngineEvent]:
        self.answered = messages
        return super().generate(messages, sampling, caller)


@pytest.mark.parametrize("context", [60, 100, 1000, 5000, 8192])
async def test_a_long_history_is_shortened_by_no_more_than_needed_with_few_counts(
    application: Application, context: int
) -> None:
    engine = CountingEngine(["So."], context_length=context)
    services = with_pool(application.services, pool_of(engine))
    roles = (Role.USER, Role.ASSISTANT)
    history = [Message(roles[at % 2], f"{at} {'so ' * (at % 11)}") for at in range(998)]
    question = Message(Role.USER, "And now?")
    sampling = SamplingParams(max_new_tokens=20)
    request = ChatRequest((*history, question), ME, sampling=sampling)
    events = [each async for each in services.chat.answer(request)]
    counted, finished = engine.counts, events[-1]
    assert isinstance(finished, Finished)
    dropped = finished.dropped_turns
    assert list(engine.answered) == [*history[2 * dropped :], question]
    reserve = min(20, context // 4)
    assert await engine.count_tokens(engine.answered) + reserve <= context
    one_more = [*history[2 * (dropped - 1) :], question]
    assert dropped and await engine.count_tokens(one_more) + reserve > context
    # One of them is that of the answer itself.
    assert counted <= 13


async def test_more_messages_or_a_longer_query_than_are_ever_taken(
    application: Application,
) -> None:
    many = ChatRequest((Message(Role.USER, "Why?"),) * (MOST_MESSAGES + 1), ME)
    with pytest.raises(TooManyMessages):
        await events_of(application, many)
    with pytest.raises(QueryTooLong):
        await events_of(application, request("x" * (LONGEST_QUERY + 1)))


async def test_history_that_does_not_fit_is_dropped_oldest_first(
    application: Application,
) -> None:
    history = [
        Message(role, f"{role} {turn} " + "filler " * 900)
        for turn in range(8)
        for role in (Role.USER, Role.ASSISTANT)
    ]
    asked = ChatRequest((*history, Message(Role.USER, "And now?")), ME)
    events = await events_of(application, asked)
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert 0 < finished.dropped_turns < 8
    assert finished.usage.prompt_tokens < 8192


async def test_sources_are_limited_to_their_share_of_tokens(
    make_settings: Callable[..., Settings], embedder: Embedder
) -> None:
    application = build(make_settings(engine="scripted", source_tokens=64), embedder)
    try:
        application.wait_until_ready()
        texts = {f"{index}.txt": f"Fact {index}: " + "the tide rises. " * 40 for index in range(5)}
        await ingest_texts(application, texts)
        events = await events_of(application, request("What does the tide do?"))
        [passages] = [event.chunks for event in events if isinstance(event, PassagesFound)]
        assert len(passages) == 1, "one source is always given"
    finally:
        await application.close()


async def test_max_new_tokens_reaches_the_engine(application: Application) -> None:
    asked = request("Say a lot", None, sampling=SamplingParams(max_new_tokens=2))
    finished = (await events_of(application, asked))[-1]
    assert isinstance(finished, Finished)
    assert finished.usage.completion_tokens == 2


async def test_a_restart_keeps_documents_and_chats(
    make_settings: Callable[..., Settings], embedder: Embedder, tmp_path: Path
) -> None:
    from carrel.core.conversations import SavedTurn

    settings = make_settings(engine="scripted")
    first = build(settings, embedder)
    await ingest_texts(first, {"harbor.txt": "The harbor master is Ada Lind."})
    chat = await first.services.history.start(ME, "Who is the harbor master?")
    turn = SavedTurn(Message(Role.USER, "Who is the harbor master?"))
    await first.services.history.append(ME, chat.id, [turn])
    await first.close()

    second = build(settings, embedder)
    try:
        second.wait_until_ready()
        [kept] = await second.services.history.list(ME)
        assert kept.title == "Who is the harbor master?"
        assert list(await second.services.history.turns(ME, kept.id)) == [turn]
        events = await events_of(second, request("Who is the harbor master?"))
        [sources] = [event.sources for event in events if isinstance(event, SourcesCited)]
        assert sources[0].document == "harbor.txt"
    finally:
        await second.close()


async def test_a_sentence_is_cited_before_the_text_ends(
    make_settings: Callable[..., Settings], embedder: Embedder
) -> None:
    answer = "The harbor master is Ada Lind. The pier opened in 1951. It is red."
    application = build(make_settings(engine="scripted"), embedder)
    try:
        application.wait_until_ready()
        await ingest_texts(
            application, {"harbor.txt": f"{answer[:30]}\n\nThe pier opened in 1951."}
        )
        services = with_pool(application.services, pool_of(ScriptedEngine([answer])))
        asked = request("Who is the harbor master?")
        events = [event async for event in services.chat.answer(asked)]
        first = next(at for at, event in enumerate(events) if isinstance(event, SentenceChecked))
        assert any(isinstance(event, TextDelta) for event in events[first:])
        [whole] = [event.sentences for event in events if isinstance(event, SourcesCited)]
        early = [event.sentence for event in events if isinstance(event, SentenceChecked)]
        assert [(e.text, e.start, e.supported) for e in early] == [
            (e.text, e.start, e.supported) for e in whole[:2]
        ]
        assert [e.supported for e in whole] == [True, True, False]
    finally:
        await application.close()


async def continued(
    application: Application, text: str, beginning: str, **changes: object
) -> tuple[list[list[Message]], list[ChatEvent]]:
    """Continue an answer of a model that says ``text``; return its request, and events."""
    asked: list[list[Message]] = []

    class Asked(ScriptedEngine):
        def generate(
            self, messages: Sequence[Message], sampling: SamplingParams, caller: str = ""
        ) -> AsyncGenerator[EngineEvent]:
            asked.append(list(messages))
            return super().generate(messages, sampling, caller)

    services = with_pool(application.services, pool_of(Asked([text])))
    continued = request("Who is the harbor master?", beginning=beginning, **changes)
    return asked, [event async for event in services.chat.answer(continued)]


async def test_an_answer_continues_behind_its_question_and_is_cited_as_a_whole(
    application: Application,
) -> None:
    await ingest_texts(application, {"harbor.txt": "The harbor master is Ada Lind."})
    text = "The harbor master is Ada Lind. She can fly."
    [asked], events = await continued(application, text, "The harbor master is Ada")
    assert asked[-1] == Message(Role.ASSISTANT, "The harbor master is Ada", unfinished=True)
    assert "Who is the harbor master?" in asked[-2].content
    assert "[1] harbor.txt" in asked[-2].content
    said = "".join(each.text for each in events if isinstance(each, TextDelta))
    assert said == " Lind. She can fly."
    [checked] = [each.sentence for each in events if isinstance(each, SentenceChecked)]
    [cited] = [each for each in events if isinstance(each, SourcesCited)]
    assert (checked.start, checked.end) == (0, len("The harbor master is Ada Lind."))
    assert [each.supported for each in cited.sentences] == [True, False]
    assert cited.sentences[1].end == len(text)


async def test_an_answer_continues_with_the_passages_that_it_was_written_from(
    application: Application,
) -> None:
    await ingest_texts(application, {"a.txt": "The harbor master is Ada Lind."})
    first = await events_of(application, request("Who is the harbor master?"))
    [sources] = [event.sources for event in first if isinstance(event, SourcesCited)]
    await ingest_texts(application, {"b.txt": "Who is the harbor master? Nobody knows."})
    passages = passages_of(sources)
    [asked], events = await continued(application, "Ada. Or not.", "Ada.", passages=passages)
    assert "[1] a.txt" in asked[-2].content
    assert "b.txt" not in asked[-2].content
    assert not [each for each in events if isinstance(each, PassagesFound)]
    [again] = [event.sources for event in events if isinstance(event, SourcesCited)]
    assert [(each.index, each.text) for each in again] == [(1, sources[0].text)]


async def test_what_the_model_did_not_write_is_no_beginning(application: Application) -> None:
    text = OWN_KNOWLEDGE + "It is"
    [asked], events = await continued(application, "It is Ada.", text, scope=None)
    assert asked[-1].content == "It is"
    assert [each.text for each in events if isinstance(each, TextDelta)] == [" Ada."]
