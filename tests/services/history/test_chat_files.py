"""Chats as files, and what is refused of a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from carrel.core.chat import Message, Role
from carrel.core.conversations import Conversation, Ending, SavedTurn
from carrel.core.document_tasks import Action, DocumentTask
from carrel.core.documents import Source
from carrel.core.errors import InvalidRequest
from carrel.services.history.chat_files import (
    LARGEST_FILE,
    file_name,
    from_json,
    to_json,
    to_markdown,
)
from carrel.services.history.history import Chat
from carrel.storage.conversations import SqliteConversationStore
from carrel.storage.database import Database

SOURCE = Source(
    1, "report.pdf", "d1", "UserData", 3, 0.75, "The keeper: Ingrid.", "Ingrid", 7, True
)
CHAT = Chat(
    Conversation("c1", "Who keeps it?", "anna", datetime(2026, 1, 2, 3, 4, tzinfo=UTC), messages=2),
    (
        SavedTurn(Message(Role.USER, "Who keeps\nit?")),
        SavedTurn(Message(Role.ASSISTANT, "Ingrid [1]. 文 😀"), (SOURCE,), "SmolLM2"),
    ),
)


def test_a_chat_comes_back_from_its_file_with_an_id_of_its_own() -> None:
    back = from_json(to_json(CHAT))
    assert back.turns == CHAT.turns
    assert back.conversation.id != "c1"
    assert replace(back.conversation, id="c1", owner="anna") == CHAT.conversation


def turn(number: int, parent: int | None, role: Role, text: str, **more: Any) -> SavedTurn:
    return SavedTurn(Message(role, text), id=number, parent=parent, **more)


TASK = DocumentTask(Action.EXTRACT, ("UserData", "Mine"), ("d1",), "report.pdf", "who pays")
VERSIONS = Chat(
    replace(CHAT.conversation, last=13, messages=6),
    (
        turn(11, None, Role.USER, "Who keeps it?"),
        turn(12, 11, Role.ASSISTANT, "Ing", ending=Ending.STOPPED),
        turn(13, 11, Role.ASSISTANT, "", ending=Ending.FAILED, error="the model failed"),
        turn(15, None, Role.USER, "Who pays?", task=TASK),
        turn(16, 15, Role.ASSISTANT, "It is not there.", abstained=True),
        turn(17, 12, Role.USER, "Continue"),
    ),
)


def tree(chat: Chat) -> list[tuple[SavedTurn, int | None]]:
    """Return the turns, each with the place of the one before it."""
    places = {each.id: place for place, each in enumerate(chat.turns)}
    return [(each, None if each.parent is None else places[each.parent]) for each in chat.turns]


def test_all_versions_come_back_with_the_one_that_was_shown(tmp_path: Path) -> None:
    back = from_json(to_json(VERSIONS))
    assert tree(back) == tree(VERSIONS)
    assert back.shown == VERSIONS.shown
    database = Database(tmp_path / "chats.db")
    store = SqliteConversationStore(database)
    own = replace(back.conversation, owner="anna")
    store.add(own, back.turns)
    stored = Chat(store.conversation("anna", own.id), tuple(store.all_turns("anna", own.id)))
    database.close()
    assert tree(stored) == tree(VERSIONS)
    assert stored.shown == VERSIONS.shown
    assert to_markdown(stored) == "# Who keeps it?\n\n## Who keeps it?\n\n\n"


def test_a_file_of_the_first_version_is_still_read() -> None:
    content = json.loads(to_json(CHAT))
    content["version"] = 1
    del content["shown"]
    for each in content["messages"]:
        for name in ("ending", "error", "abstained", "task", "parent"):
            del each[name]
    back = from_json(json.dumps(content))
    assert back.turns == CHAT.turns
    assert back.shown == list(CHAT.turns)


def test_markdown_has_questions_answers_and_sources() -> None:
    assert to_markdown(CHAT) == (
        "# Who keeps it?\n\n## Who keeps it?\n\nIngrid [1]. 文 😀\n\n"
        "- [1] report.pdf, page 3: “Ingrid”\n"
    )


def test_a_file_has_a_name_that_every_system_takes() -> None:
    assert file_name("../Who: keeps it?\0", "md") == "Who-keeps-it.md"
    assert file_name("???", "json") == "chat.json"


def task(**entries: object) -> dict[str, object]:
    return asdict(TASK) | entries


def changed(change: Callable[[dict[str, Any]], object]) -> str:
    content = json.loads(to_json(CHAT))
    change(content)
    return json.dumps(content)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "not exported by Carrel"),
        ('{"format": "other"}', "not exported by Carrel"),
        (" " * (LARGEST_FILE + 1), "larger than 5 MB"),
        (changed(lambda it: it.update(version=3)), "of version 3"),
        (changed(lambda it: it.update(version=True)), "of version True"),
        (changed(lambda it: it.update(version=1)), "exactly the entries"),
        (changed(lambda it: it.update(shown=3)), "shown of the chat"),
        (changed(lambda it: it.update(shown=None)), "shown of the chat"),
        (changed(lambda it: it["messages"][1].update(parent=2)), "parent of message 2"),
        (changed(lambda it: it["messages"][1].update(parent=0)), "parent of message 2"),
        (changed(lambda it: it["messages"][1].update(parent="1")), "parent of message 2"),
        (changed(lambda it: it["messages"][1].update(parent=None)), "begin with a question"),
        (changed(lambda it: it["messages"][1].update(ending="x")), "ending of message 2"),
        (changed(lambda it: it["messages"][1].update(ending=[])), "ending of message 2"),
        (changed(lambda it: it["messages"][1].update(error=1)), "error of message 2"),
        (changed(lambda it: it["messages"][1].update(abstained=0)), "abstained of message 2"),
        (changed(lambda it: it["messages"][0].update(task={})), "exactly the entries action"),
        (changed(lambda it: it["messages"][0].update(task=task(action="x"))), "action of the task"),
        (changed(lambda it: it["messages"][0].update(task=task(collections=[]))), "not named by"),
        (changed(lambda it: it["messages"][0].update(task=task(document_ids=[1]))), "not named by"),
        (changed(lambda it: it["messages"][0].update(task=task(focus=None))), "focus of the task"),
        (changed(lambda it: it.update(owner="bob")), "exactly the entries"),
        (changed(lambda it: it.pop("title")), "exactly the entries"),
        (changed(lambda it: it.update(title=3)), "title of the chat"),
        (changed(lambda it: it.update(messages=[])), "begin with a question"),
        (changed(lambda it: it["messages"].pop(0)), "begin with a question|out of range"),
        (changed(lambda it: it.update(updated_at="soon")), "date cannot be read"),
        (changed(lambda it: it.update(updated_at="2026-01-02")), "no time zone"),
        (changed(lambda it: it["messages"][0].update(role="system")), "role of message 1"),
        (changed(lambda it: it["messages"][1].update(content=None)), "content of message 2"),
        (changed(lambda it: it["messages"][1].update(model=1)), "model of message 2"),
        (changed(lambda it: it["messages"][1]["sources"][0].update(page="3")), "page of source 1"),
        (changed(lambda it: it["messages"][1]["sources"][0].update(index=True)), "index of source"),
        (changed(lambda it: it["messages"][1]["sources"][0].update(score="x")), "score of source"),
        (changed(lambda it: it["messages"][1]["sources"][0].update(score=10**400)), "score of"),
        (changed(lambda it: it["messages"][1]["sources"][0].update(score=float("nan"))), "score"),
        (changed(lambda it: it["messages"][1]["sources"][0].update(page=-1)), "page of source 1"),
        (changed(lambda it: it["messages"][1]["sources"][0].update(quote="Bob")), "does not occur"),
        (changed(lambda it: it["messages"][1]["sources"][0].update(more=1)), "exactly the entries"),
    ],
)
def test_what_is_not_as_it_was_exported_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidRequest, match=f"The chat was not imported: .*{reason}"):
        from_json(text)


def test_a_date_in_the_future_becomes_today() -> None:
    future = changed(lambda it: it.update(updated_at="2999-01-01T00:00:00+00:00"))
    assert from_json(future).conversation.updated_at <= datetime.now(UTC)
