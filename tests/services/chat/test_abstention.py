"""Questions that the documents do not answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from carrel.bootstrap import Application
from carrel.core.access import Principal
from carrel.core.chat import (
    Abstained,
    ChatEvent,
    ChatRequest,
    Finished,
    JsonFormat,
    Message,
    PassagesFound,
    Role,
    SamplingParams,
    Scope,
    ScopeMode,
    SourcesCited,
    TextDelta,
)
from carrel.core.documents import Chunk, RetrievedChunk
from carrel.core.protocols.adapters import Embedder
from carrel.services.chat.abstention import (
    LEAST_EVIDENCE,
    NOT_IN_DOCUMENTS,
    OWN_KNOWLEDGE,
    Abstention,
    speaks_of_documents,
    wants_summary,
)
from carrel.settings.schema import Settings
from running.shared_readers import build
from texts import ingest_texts

TEXTS = {
    "harbor.txt": "The harbor master is Ada Lind. She has held the office since 1998.",
    "mill.txt": "The old mill on the river was burnt down by lightning in the dry summer of 1904.",
}
ANSWERED = "Who is the harbor master?"
UNANSWERED = "How many moons does the planet Jupiter have?"


def asking(question: str, mode: ScopeMode = ScopeMode.QUERY, **sampling: object) -> ChatRequest:
    """A question to the documents."""
    return ChatRequest(
        (Message(Role.USER, question),),
        Principal(),
        sampling=SamplingParams(**sampling),
        scope=Scope(("UserData",), mode=mode),
    )


def found(*evidence: float) -> list[RetrievedChunk]:
    """Passages that hold so much of a question."""
    return [RetrievedChunk(Chunk("1", "d", 0, "x"), "d.txt", "C", 0.5, each) for each in evidence]


async def events_of(application: Application, request: ChatRequest) -> list[ChatEvent]:
    """Ask, and return all events."""
    return [event async for event in application.services.chat.answer(request)]


def text_of(events: list[ChatEvent]) -> str:
    """Return the answer."""
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def test_what_the_documents_do_not_say_is_not_asked_of_the_model(
    application: Application,
) -> None:
    await ingest_texts(application, TEXTS)
    events = await events_of(application, asking(UNANSWERED))
    assert text_of(events) == NOT_IN_DOCUMENTS
    assert Abstained() in events
    (cited,) = [event for event in events if isinstance(event, SourcesCited)]
    assert {each.document for each in cited.sources} == set(TEXTS)
    assert not any(each.used for each in cited.sources)
    assert cited.sentences == ()
    last = events[-1]
    assert isinstance(last, Finished)
    assert last.usage.completion_tokens == 0


async def test_what_they_say_is_answered(application: Application) -> None:
    await ingest_texts(application, TEXTS)
    for question in (ANSWERED, "When did the mill on the river burn down?"):
        events = await events_of(application, asking(question))
        assert Abstained() not in events
        assert text_of(events) != NOT_IN_DOCUMENTS


async def test_in_mode_chat_the_models_own_knowledge_is_labelled(application: Application) -> None:
    await ingest_texts(application, TEXTS)
    events = await events_of(application, asking(UNANSWERED, ScopeMode.CHAT))
    assert Abstained() in events
    assert text_of(events).startswith(OWN_KNOWLEDGE)
    assert len(text_of(events)) > len(OWN_KNOWLEDGE)
    assert not any(isinstance(event, PassagesFound | SourcesCited) for event in events)
    answered = await events_of(application, asking(ANSWERED, ScopeMode.CHAT))
    assert not text_of(answered).startswith(OWN_KNOWLEDGE)


async def test_the_setting_moves_the_bound(
    make_settings: Callable[..., Settings], embedder: Embedder, tmp_path: Path
) -> None:
    for bound, abstains in ((0.0, False), (1.0, True)):
        settings = make_settings(
            engine="scripted", min_relevance=bound, db_dir=tmp_path / f"db{bound}"
        )
        application = build(settings, embedder)
        try:
            application.wait_until_ready()
            await ingest_texts(application, TEXTS)
            for question in (ANSWERED, UNANSWERED):
                events = await events_of(application, asking(question))
                assert (Abstained() in events) is abstains
        finally:
            await application.close()


@pytest.mark.parametrize(
    "question",
    [
        "Summarize it",
        "Give me an overview of the findings.",
        "What are the key points?",
        "What is this report about?",
        "Who wrote the annual report?",
    ],
)
def test_questions_about_the_documents_are_always_answered(question: str) -> None:
    assert speaks_of_documents(question)
    assert not Abstention(0.9).is_due(asking(question), found(0.1))


@pytest.mark.parametrize("question", [ANSWERED, UNANSWERED, "What is the report's revenue?"])
def test_a_fact_is_no_summary(question: str) -> None:
    assert not wants_summary(question)


def test_the_best_passage_counts() -> None:
    abstention = Abstention(0.4)
    assert abstention.is_due(asking(UNANSWERED), found(0.1, 0.39))
    assert not abstention.is_due(asking(UNANSWERED), found(0.1, 0.4))
    assert abstention.is_due(asking(UNANSWERED), [])


def test_json_is_given_where_json_is_asked_for() -> None:
    request = asking(UNANSWERED, response_format=JsonFormat())
    assert not Abstention(0.9).is_due(request, found(0.1))


def test_an_embedder_that_was_not_measured_has_no_bound() -> None:
    assert Abstention.of("bundled", None).min_relevance == LEAST_EVIDENCE["bundled"]
    assert Abstention.of("some/model", None).min_relevance == 0
    assert Abstention.of("some/model", 0.3).min_relevance == 0.3
    assert not Abstention.of("some/model", None).is_due(asking(UNANSWERED), [])
