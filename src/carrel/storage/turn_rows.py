"""Messages of saved chats as database rows."""

from __future__ import annotations

import json
from dataclasses import asdict
from sqlite3 import Connection
from typing import Any

from carrel.core.chat import Message, Role
from carrel.core.conversations import Ending, SavedTurn
from carrel.core.document_tasks import Action, DocumentTask
from carrel.core.documents import Source
from carrel.disk.sqlite_file import storable

_TURNS = (
    "SELECT role, content, sources, model, ending, error, abstained, task, id, parent FROM turn "
    "WHERE conversation_id = ? ORDER BY id"
)


def write(connection: Connection, conversation_id: str, turn: SavedTurn, parent: int | None) -> int:
    """Insert a turn and return its id."""
    inserted = connection.execute(
        "INSERT INTO turn (role, content, sources, model, ending, error, abstained, task, "
        "conversation_id, parent) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*_values(turn), conversation_id, parent),
    )
    assert inserted.lastrowid is not None, "an insert gives an id"
    return inserted.lastrowid


def rewrite(connection: Connection, turn: SavedTurn) -> None:
    """Replace the turn with this id; its position in the chat is kept."""
    connection.execute(
        "UPDATE turn SET role = ?, content = ?, sources = ?, model = ?, ending = ?, error = ?, "
        "abstained = ?, task = ? WHERE id = ?",
        (*_values(turn), turn.id),
    )


def turns(connection: Connection, conversation_id: str) -> list[SavedTurn]:
    """Return the messages of all versions of a chat, in the order of their ids."""
    return [
        SavedTurn(
            Message(Role(role), content),
            tuple(Source(**source) for source in json.loads(sources)),
            model,
            Ending(ending),
            error,
            bool(abstained),
            identity,
            parent,
            _task(task),
        )
        for role, content, sources, model, ending, error, abstained, task, identity, parent in (
            connection.execute(_TURNS, (conversation_id,))
        )
    ]


def _values(turn: SavedTurn) -> tuple[Any, ...]:
    return (
        turn.message.role.value,
        storable(turn.message.content),
        json.dumps([asdict(source) for source in turn.sources]),
        turn.model,
        turn.ending.value,
        None if turn.error is None else storable(turn.error),
        turn.abstained,
        None if turn.task is None else storable(json.dumps(asdict(turn.task))),
    )


def _task(stored: str | None) -> DocumentTask | None:
    if stored is None:
        return None
    content = json.loads(stored)
    return DocumentTask(
        Action(content["action"]),
        tuple(content["collections"]),
        tuple(content["document_ids"]),
        content["named"],
        content["focus"],
    )
