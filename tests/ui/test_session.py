"""What is remembered of one browser tab."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from copy import deepcopy

from carrel.core.chat import ChatEvent, Message, Role, TextDelta
from carrel.core.conversations import SavedTurn
from carrel.core.documents import Source
from carrel.ui.exchange import Exchange
from carrel.ui.running import Running
from carrel.ui.session import Session

SOURCE = Source(1, "a.pdf", "d", "UserData", 1, 1.0, "text", "text")


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


def test_a_saved_chat_is_opened_with_its_sources() -> None:
    session = Session(exchanges=[Exchange("other", "chat")])
    session.open_chat(
        "id",
        [
            SavedTurn(Message(Role.SYSTEM, "be kind")),
            SavedTurn(Message(Role.USER, "a")),
            SavedTurn(Message(Role.ASSISTANT, "A"), (SOURCE,), "m"),
            SavedTurn(Message(Role.USER, "b")),
        ],
    )
    assert session.conversation_id == "id"
    [first, second] = session.exchanges
    assert (first.question, first.text, first.sources) == ("a", "A", (SOURCE,))
    # Its sentences are checked anew: only the text and the sources are saved.
    assert [(each.text, each.supported) for each in first.sentences] == [("A", False)]
    assert second == Exchange("b")


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
