"""What is remembered of one browser tab."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from carrel.core.chat import ChatEvent, Message, Role, TextDelta
from carrel.core.conversations import Conversation, Ending, SavedTurn
from carrel.core.documents import Source
from carrel.core.errors import InvalidRequest
from carrel.services.history.history import Chat
from carrel.ui.shell.render import state_text
from carrel.ui.state.exchange import Exchange
from carrel.ui.state.running import Running
from carrel.ui.state.session import Session

SOURCE = Source(1, "a.pdf", "d", "UserData", 1, 1.0, "text", "text")
CHAT = Conversation("id", "a", "local", datetime.now(UTC))


async def _nothing() -> AsyncGenerator[ChatEvent]:
    yield TextDelta("")


def test_two_tabs_share_nothing() -> None:
    first = Session()
    second = deepcopy(first)
    first.exchanges.append(Exchange("q"))
    assert second.exchanges == []
    assert second.caller != first.caller == first.caller


def test_the_messages_are_the_answered_questions_and_the_new_one() -> None:
    session = Session(exchanges=[Exchange("a", "A"), Exchange("b", error="failed")])
    assert session.messages("c") == (
        Message(Role.USER, "a"),
        Message(Role.ASSISTANT, "A"),
        Message(Role.USER, "c"),
    )


def saved(role: Role, words: str, identity: int, parent: int | None) -> SavedTurn:
    return SavedTurn(Message(role, words), id=identity, parent=parent)


async def test_a_saved_chat_is_opened_with_its_sources() -> None:
    session = Session(exchanges=[Exchange("other", "chat")])
    answer = SavedTurn(Message(Role.ASSISTANT, "A"), (SOURCE,), "m", id=2, parent=1)
    turns = (
        saved(Role.SYSTEM, "be kind", 7, None),
        saved(Role.USER, "a", 1, 7),
        answer,
        saved(Role.USER, "b", 3, 2),
    )
    await session.open_chat(Chat(replace(CHAT, last=3), turns))
    assert session.conversation_id == "id"
    [first, second] = session.exchanges
    assert (first.question, first.text, first.sources) == ("a", "A", (SOURCE,))
    # Its sentences are attributed again: only the text and the sources are saved.
    assert [(each.text, each.supported) for each in first.sentences] == [("A", False)]
    assert (first.turn, first.last, first.versions) == (1, 2, (1,))
    assert second == Exchange("b", turn=3, versions=(3,))


async def test_the_shown_version_is_opened_and_knows_of_the_others() -> None:
    turns = (
        saved(Role.USER, "a", 1, None),
        saved(Role.ASSISTANT, "A", 2, 1),
        saved(Role.USER, "b", 3, 2),
        saved(Role.USER, "c", 4, 2),
        saved(Role.USER, "other", 5, None),
    )
    session = Session()
    await session.open_chat(Chat(replace(CHAT, last=3), turns))
    assert [each.question for each in session.exchanges] == ["a", "b"]
    assert [each.versions for each in session.exchanges] == [(1, 5), (3, 4)]


@pytest.mark.parametrize(
    ("ending", "shown"),
    [
        (Ending.STOPPED, "stopped by you"),
        (Ending.LENGTH, "cut at the length limit"),
        (Ending.TIME, "cut at the time limit"),
        (Ending.DONE, ""),
    ],
)
async def test_how_an_answer_ended_is_reported_again(ending: Ending, shown: str) -> None:
    turns = (
        SavedTurn(Message(Role.USER, "a"), id=1),
        SavedTurn(Message(Role.ASSISTANT, "A"), ending=ending, id=2, parent=1),
    )
    session = Session()
    await session.open_chat(Chat(replace(CHAT, last=2), turns))
    assert state_text(session.exchanges[0]) == shown
    assert session.exchanges[0].ending is ending


async def test_a_failed_answer_stays_failed_and_one_without_documents_stays_so() -> None:
    turns = (
        SavedTurn(Message(Role.USER, "a"), id=1),
        SavedTurn(Message(Role.ASSISTANT, "A"), (), "m", Ending.FAILED, "Disk full.", True, 2, 1),
    )
    session = Session()
    await session.open_chat(Chat(replace(CHAT, last=2), turns))
    [exchange] = session.exchanges
    assert (exchange.error, exchange.abstained) == ("Disk full.", True)


@pytest.mark.parametrize("place", ["-1", "1", "", "²", "0.0", "1" * 5000])
def test_a_place_that_is_not_in_the_chat_is_refused(place: str) -> None:
    session = Session(exchanges=[Exchange("a", "A")])
    assert session.exchange("0") == (0, session.exchanges[0])
    with pytest.raises(InvalidRequest, match="not in the chat any more"):
        session.exchange(place)


def test_leaving_a_chat_stops_its_answer() -> None:
    running = Running(_nothing())
    session = Session(conversation_id="id", exchanges=[Exchange("q")], answering=running)
    session.leave_chat()
    assert running.stopped
    assert (session.answering, session.conversation_id, session.exchanges) == (None, None, [])


def test_stopping_without_an_answer_in_work_does_nothing() -> None:
    session = Session()
    session.stop_answering()
    assert session == Session()
