"""From a question to a saved answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from carrel.core.chat import Role
from carrel.core.conversations import Conversation, Ending, SavedTurn
from carrel.core.errors import InvalidRequest, StorageFull
from carrel.core.protocols.adapters import Engine
from carrel.services.application import Services
from carrel.services.history.history import Chat, HistoryService
from carrel.storage.conversations import SqliteConversationStore
from carrel.storage.database import Database
from carrel.ui.chat.answering import Answering, Question
from carrel.ui.chat.continuing import Continuing
from carrel.ui.state.answer_options import read_options
from carrel.ui.state.exchange import Exchange
from carrel.ui.state.scope import ChosenScope
from carrel.ui.state.session import Session
from running.live_server import (
    FailingEngine,
    WatchedEngine,
    bundled_embedder,
    pool_of,
    settings_in,
    with_pool,
)
from running.shared_readers import build

NOTHING = ChosenScope()
QUESTION = Question("Hello?", NOTHING, None)


class FullDisk(SqliteConversationStore):
    """Starts chats, and then has no space for their messages."""

    def append(
        self, conversation_id: str, turns: Sequence[SavedTurn], after: int | None = None
    ) -> list[int]:
        raise StorageFull("The disk is full.")


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[Services]:
    """Real services over an empty data folder."""
    application = build(settings_in(tmp_path), bundled_embedder())
    yield application.services
    await application.close()


def speaking(services: Services, engine: Engine) -> Services:
    return with_pool(services, pool_of(engine))


async def answered(services: Services, session: Session, question: Question) -> Answering:
    answering = Answering.begin(services, session, question)
    async for _ in answering.steps():
        pass
    return answering


async def saved(services: Services, session: Session) -> list[tuple[str, list[str]]]:
    """Return each saved chat with its messages."""
    history = services.history
    return [
        (chat.title, [t.message.content for t in await history.turns(session.principal, chat.id)])
        for chat in await history.list(session.principal)
    ]


async def test_an_answer_is_saved_with_its_question(services: Services) -> None:
    session = Session()
    services = speaking(services, WatchedEngine(["An answer.", "Another."]))
    answering = await answered(services, session, QUESTION)
    assert answering.exchange.text == "An answer."
    assert answering.exchange.finished is not None
    await answered(services, session, Question("And?", NOTHING, None))
    assert await saved(services, session) == [
        ("Hello?", ["Hello?", "An answer.", "And?", "Another."])
    ]
    turns = await services.history.turns(session.principal, session.conversation_id or "")
    assert [turn.message.role for turn in turns[:2]] == [Role.USER, Role.ASSISTANT]
    assert turns[1].model == "watched"


async def test_a_stopped_answer_is_saved_as_far_as_it_came(services: Services) -> None:
    session = Session()
    services = speaking(services, WatchedEngine(["word " * 500], seconds_per_token=0.01))
    answering = Answering.begin(services, session, QUESTION)
    async for _ in answering.steps():
        if answering.exchange.text:
            session.stop_answering()
    assert answering.exchange.stopped
    ((_, messages),) = await saved(services, session)
    assert messages == ["Hello?", answering.exchange.text]
    assert 0 < len(messages[1]) < 2500


async def test_an_answer_that_nobody_waits_for_is_saved_and_ends_the_model(
    services: Services,
) -> None:
    session = Session()
    engine = WatchedEngine(["word " * 500], seconds_per_token=0.01)
    services = speaking(services, engine)
    answering = Answering.begin(services, session, QUESTION)
    async with aclosing(answering.steps()) as steps:
        async for _ in steps:
            if answering.exchange.text:
                break
    assert engine.ended.is_set()
    ((_, messages),) = await saved(services, session)
    assert messages == ["Hello?", answering.exchange.text]


async def test_a_refused_question_is_not_saved(services: Services) -> None:
    session = Session()
    services = speaking(services, WatchedEngine(["An answer."]))
    answering = await answered(
        services, session, Question("Hello?", ChosenScope(("UserData",)), None)
    )
    assert "nothing to search" in (answering.exchange.error or "")
    assert await saved(services, session) == []
    assert session.conversation_id is None


async def test_a_model_that_does_not_exist_is_refused(services: Services) -> None:
    services = speaking(services, WatchedEngine(["An answer."]))
    answering = await answered(services, Session(), Question("Hello?", NOTHING, "nothing"))
    assert "Model nothing is not loaded" in (answering.exchange.error or "")


async def test_a_failure_keeps_the_text_and_saves_it(services: Services) -> None:
    session = Session()
    services = speaking(services, FailingEngine(2))
    answering = await answered(services, session, QUESTION)
    assert answering.exchange.error == "The model stopped working."
    assert await saved(services, session) == [("Hello?", ["Hello?", "one two"])]


async def test_a_chat_deleted_while_it_is_answered_stays_deleted(services: Services) -> None:
    session = Session()
    services = speaking(services, WatchedEngine(["word " * 500], seconds_per_token=0.01))
    answering = Answering.begin(services, session, QUESTION)
    async for _ in answering.steps():
        if session.conversation_id is not None:
            await services.history.delete(session.principal, session.conversation_id)
            session.leave_chat()
    assert answering.exchange.error is None
    assert await saved(services, session) == []


async def test_another_chat_opened_meanwhile_is_left_alone(services: Services) -> None:
    session = Session()
    services = speaking(services, WatchedEngine(["word " * 500], seconds_per_token=0.01))
    answering = Answering.begin(services, session, QUESTION)
    async for _ in answering.steps():
        if answering.is_shown and answering.exchange.text:
            await session.open_chat(
                Chat(Conversation("another", "b", "local", datetime.now(UTC)), ())
            )
    assert not answering.is_shown
    assert session.conversation_id == "another"
    ((title, _),) = await saved(services, session)
    assert title == "Hello?"


async def test_an_answer_that_cannot_be_saved_is_shown_with_the_reason(
    services: Services, tmp_path: Path
) -> None:
    database = Database(tmp_path / "chats.db")
    full = replace(
        speaking(services, WatchedEngine(["An answer."])),
        history=HistoryService(FullDisk(database)),
    )
    session = Session()
    answering = await answered(full, session, QUESTION)
    assert answering.exchange.text == "An answer."
    assert answering.exchange.error == "The disk is full."
    chats: Sequence[Conversation] = await full.history.list(session.principal)
    assert [chat.title for chat in chats] == ["Hello?"]
    database.close()


async def test_the_ending_of_an_answer_is_saved(services: Services) -> None:
    session = Session()
    services = speaking(services, FailingEngine(2))
    await answered(services, session, QUESTION)
    [_, turn] = await services.history.turns(session.principal, session.conversation_id or "")
    assert (turn.ending, turn.error) == (Ending.FAILED, "The model stopped working.")


async def test_a_question_at_the_place_of_another_is_a_version_of_it(services: Services) -> None:
    session = Session()
    services = speaking(services, WatchedEngine(["One.", "Two.", "Three."]))
    await answered(services, session, QUESTION)
    await answered(services, session, Question("And?", NOTHING, None))
    replaced = session.exchanges.pop()
    edited = Question("And then?", NOTHING, None, versions=replaced.versions)
    exchange = (await answered(services, session, edited)).exchange
    assert exchange.versions == (replaced.turn, exchange.turn)
    assert await saved(services, session) == [("Hello?", ["Hello?", "One.", "And then?", "Three."])]
    session.exchanges.clear()
    exchange = (await answered(services, session, QUESTION)).exchange
    assert len(exchange.versions) == 2
    assert (await saved(services, session))[0][1][0] == "Hello?"
    assert len((await saved(services, session))[0][1]) == 2


async def test_a_question_follows_the_answer_that_it_stopped(services: Services) -> None:
    session = Session()
    services = speaking(services, WatchedEngine(["word " * 500, "Two."], seconds_per_token=0.01))
    first = Answering.begin(services, session, QUESTION)
    steps = first.steps()
    async for _ in steps:
        if first.exchange.text:
            break
    second = Answering.begin(services, session, Question("And?", NOTHING, None))
    following = asyncio.create_task(_to_the_end(second))
    # The second one has its answer before the first one is saved.
    while second.exchange.finished is None:
        await asyncio.sleep(0.01)
    await steps.aclose()
    await following
    ((_, messages),) = await saved(services, session)
    assert messages == ["Hello?", first.exchange.text, "And?", second.exchange.text]


async def _to_the_end(answering: Answering) -> None:
    async for _ in answering.steps():
        pass


async def cut(services: Services, session: Session, most: int = 2) -> Exchange:
    options = read_options(services.settings, {"max_new_tokens": most})
    return (await answered(services, session, replace(QUESTION, options=options))).exchange


async def continued(services: Services, session: Session) -> Continuing:
    continuing = Continuing.of_last(services, session, read_options(services.settings, {}))
    async for _ in continuing.steps():
        pass
    return continuing


async def test_an_answer_that_continues_is_saved_in_its_place(services: Services) -> None:
    session = Session()
    services = speaking(services, WatchedEngine(["One two three four."]))
    exchange = await cut(services, session)
    assert (exchange.text, exchange.ending, exchange.model) == ("One two", Ending.LENGTH, "watched")
    turn, last = exchange.turn, exchange.last
    assert (await continued(services, session)).refused is None
    assert (exchange.text, exchange.ending) == ("One two three four.", Ending.DONE)
    assert (exchange.turn, exchange.last) == (turn, last)
    [question, answer] = await services.history.turns(
        session.principal, session.conversation_id or ""
    )
    assert (question.id, answer.id) == (turn, last)
    assert (answer.message.content, answer.ending) == ("One two three four.", Ending.DONE)


async def test_an_answer_that_cannot_continue_stays_as_it_was(services: Services) -> None:
    session = Session()
    exchange = await cut(speaking(services, WatchedEngine(["One two three four."])), session)
    services = speaking(services, FailingEngine(0))
    continuing = await continued(services, session)
    assert str(continuing.refused) == "The model stopped working."
    assert (exchange.text, exchange.ending, exchange.error) == ("One two", Ending.LENGTH, None)
    assert exchange.settled.is_set()
    assert await saved(services, session) == [("Hello?", ["Hello?", "One two"])]


async def test_a_continuation_that_is_stopped_at_once_changes_nothing(services: Services) -> None:
    session = Session()
    services = speaking(services, WatchedEngine(["One two three four."]))
    exchange = await cut(services, session)
    continuing = Continuing.of_last(services, session, read_options(services.settings, {}))
    session.stop_answering()
    async for _ in continuing.steps():
        pass
    assert (exchange.text, exchange.ending, exchange.stage) == ("One two", Ending.LENGTH, None)


async def test_a_finished_answer_does_not_continue(services: Services) -> None:
    session = Session()
    services = speaking(services, WatchedEngine(["One two three four."]))
    await answered(services, session, QUESTION)
    with pytest.raises(InvalidRequest, match="cannot be continued"):
        await continued(services, session)
