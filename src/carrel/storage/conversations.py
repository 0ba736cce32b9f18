"""Saved chats in the database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from uuid import uuid4

from carrel.core.chat import Message, Role
from carrel.core.conversations import Conversation, SavedTurn
from carrel.core.documents import Source
from carrel.core.errors import ConversationNotFound
from carrel.disk.sqlite_file import storable
from carrel.storage.database import Database


class SqliteConversationStore:
    """Chats; see ``carrel.core.protocols.ConversationStore`` for what its methods promise.

    Every method may raise what ``Database.transaction`` raises. Lone surrogates are stored as
    question marks.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, owner: str, title: str) -> Conversation:
        """Start an empty chat."""
        now = datetime.now(UTC)
        conversation = Conversation(uuid4().hex, storable(title), owner, now)
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO conversation (id, title, owner, updated_at) VALUES (?, ?, ?, ?)",
                (conversation.id, conversation.title, owner, now.isoformat()),
            )
        return conversation

    def append(self, conversation_id: str, turns: Sequence[SavedTurn]) -> None:
        """Add messages at the end.

        Raises:
            ConversationNotFound: no such chat.
        """
        now = datetime.now(UTC).isoformat()
        with self._database.transaction() as connection:
            touched = connection.execute(
                "UPDATE conversation SET updated_at = ? WHERE id = ?", (now, conversation_id)
            )
            if not touched.rowcount:
                raise _not_found(conversation_id)
            connection.executemany(
                "INSERT INTO turn (conversation_id, role, content, sources, model) "
                "VALUES (?, ?, ?, ?, ?)",
                [
                    (
                        conversation_id,
                        turn.message.role.value,
                        storable(turn.message.content),
                        json.dumps([asdict(source) for source in turn.sources]),
                        turn.model,
                    )
                    for turn in turns
                ],
            )

    def conversations(self, owner: str) -> list[Conversation]:
        """The owner's chats, the latest first."""
        query = (
            "SELECT id, title, owner, updated_at FROM conversation WHERE owner = ? "
            "ORDER BY updated_at DESC, rowid DESC"
        )
        with self._database.reading() as connection:
            rows = connection.execute(query, (owner,)).fetchall()
        return [
            Conversation(id, title, owner, datetime.fromisoformat(updated_at))
            for id, title, owner, updated_at in rows
        ]

    def turns(self, owner: str, conversation_id: str) -> list[SavedTurn]:
        """The messages of a chat, in order.

        Raises:
            ConversationNotFound: no such chat of this owner.
        """
        owned = "SELECT 1 FROM conversation WHERE id = ? AND owner = ?"
        query = (
            "SELECT role, content, sources, model FROM turn WHERE conversation_id = ? ORDER BY id"
        )
        with self._database.reading() as connection:
            if not connection.execute(owned, (conversation_id, owner)).fetchone():
                raise _not_found(conversation_id)
            rows = connection.execute(query, (conversation_id,)).fetchall()
        return [
            SavedTurn(
                Message(Role(role), content),
                tuple(Source(**source) for source in json.loads(sources)),
                model,
            )
            for role, content, sources, model in rows
        ]

    def rename(self, owner: str, conversation_id: str, title: str) -> None:
        """Give a chat another title; its place in the list stays.

        Raises:
            ConversationNotFound: no such chat of this owner.
        """
        with self._database.transaction() as connection:
            renamed = connection.execute(
                "UPDATE conversation SET title = ? WHERE id = ? AND owner = ?",
                (storable(title), conversation_id, owner),
            )
            if not renamed.rowcount:
                raise _not_found(conversation_id)

    def delete(self, owner: str, conversation_id: str) -> None:
        """Remove a chat; an unknown one is ignored."""
        with self._database.transaction() as connection:
            connection.execute(
                "DELETE FROM conversation WHERE id = ? AND owner = ?", (conversation_id, owner)
            )


def _not_found(conversation_id: str) -> ConversationNotFound:
    return ConversationNotFound(f"There is no chat '{conversation_id}'.")
