"""Documents that fit are given whole, in order, once; others are searched."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from carrel.bootstrap import Application
from carrel.core.access import Principal
from carrel.core.chat import (
    ChatRequest,
    Message,
    ModelInfo,
    PassagesFound,
    Role,
    Scope,
    SourcesCited,
)
from carrel.core.protocols.adapters import Embedder
from carrel.settings.schema import Settings
from running import shared_readers
from texts import ingest_texts

LINES = [
    f"Entry {index}: the ferry number {index * 3} left pier {index % 7}." for index in range(60)
]
TEXTS = {"b-log.txt": "\n".join(LINES), "a-note.txt": "The captain of the ferry is Ada Lind."}


@pytest.fixture
async def make(
    make_settings: Callable[..., Settings], embedder: Embedder
) -> AsyncIterator[Callable[..., Application]]:
    """Return a function that makes an application with these settings."""
    made: list[Application] = []

    def build(**flags: object) -> Application:
        given = {"engine": "scripted", "whole_documents": "always"} | flags
        application = shared_readers.build(make_settings(**given), embedder)
        application.wait_until_ready()
        made.append(application)
        return application

    yield build
    for each in made:
        await each.close()


async def asked(
    application: Application, scope: Scope, turns: tuple[Message, ...] = ()
) -> tuple[PassagesFound, SourcesCited]:
    question = Message(Role.USER, "Who is the captain?")
    request = ChatRequest((*turns, question), Principal(), scope=scope)
    events = [each async for each in application.services.chat.answer(request)]
    [passages] = [each for each in events if isinstance(each, PassagesFound)]
    [cited] = [each for each in events if isinstance(each, SourcesCited)]
    return passages, cited


async def test_all_is_given_in_order_and_once(make: Callable[..., Application]) -> None:
    application = make(chunk_size=300, chunk_overlap=100)
    await ingest_texts(application, TEXTS)
    passages, cited = await asked(application, Scope(("UserData",), top_k=2))
    assert passages.whole
    given = "\n".join(each.chunk.text for each in passages.chunks).split()
    assert given == "\n".join([TEXTS["a-note.txt"], *LINES]).split()
    assert all(each.quote in each.text for each in cited.sources)
    scores = [each.score for each in passages.chunks]
    assert max(scores) > 0, "what the search found keeps its score"
    assert 0.0 in scores


async def test_only_the_documents_of_the_scope_are_given(make: Callable[..., Application]) -> None:
    application = make()
    ids = await ingest_texts(application, TEXTS)
    passages, _ = await asked(application, Scope(("UserData",), (ids["a-note.txt"],)))
    assert passages.whole
    assert {each.document_name for each in passages.chunks} == {"a-note.txt"}


@pytest.mark.parametrize(
    "flags",
    [{"source_tokens": 300}, {"whole_documents": "never"}, {"whole_documents": "auto"}],
    ids=["too long", "never", "a model of unknown size"],
)
async def test_what_does_not_fit_or_is_not_wanted_is_searched(
    make: Callable[..., Application], flags: dict[str, object]
) -> None:
    application = make(chunk_size=300, chunk_overlap=100, **flags)
    await ingest_texts(application, TEXTS)
    passages, _ = await asked(application, Scope(("UserData",), top_k=2))
    assert not passages.whole
    assert len(passages.chunks) <= 2


async def test_a_small_model_is_given_whole_documents_only_where_that_is_asked(
    make: Callable[..., Application],
) -> None:
    from carrel.services.chat.whole_documents import WholeDocumentReading

    services = make().services
    small = ModelInfo("m", "continuous", 2048, parameters=135_000_000)
    large = ModelInfo("m", "continuous", 2048, parameters=7_000_000_000)
    wanted = {
        mode: [
            WholeDocumentReading(None, services.collections, mode).is_wanted(each)  # type: ignore[arg-type]
            for each in (small, large)
        ]
        for mode in ("auto", "always", "never")
    }
    assert wanted == {"auto": [False, True], "always": [True, True], "never": [False, False]}
