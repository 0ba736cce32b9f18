"""Saved chats in the database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from sqlite3 import Connection
from uuid import uuid4

from carrel.core.chat import Message, Role
from carrel.core.conversations import Conversation, SavedTurn
from carrel.core.documents import Source
from carrel.core.errors import ConversationNotFound, InvalidRequest
from carrel.disk.sqlite_file import storable
from carrel.storage import chat_words
from carrel.storage.database import Database

_LISTED = (
    "SELECT id, title, owner, updated_at, pinned, "
    "(SELECT count(*) FROM turn WHERE conversation_id = conversation.id) FROM conversation"
)


class SqliteConversationStore:
    """Chats; see ``carrel.core.protocols.ConversationStore`` for what its methods promise.

    Every method may raise what ``Database.transaction`` raises. Lone surrogates are stored as
    question marks.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, owner: str, title: str) -> Conversation:
        """Start an empty chat."""
        conversation = Conversation(uuid4().hex, storable(title), owner, datetime.now(UTC))
        self.add(conversation, [])
        return conversation

    def add(self, conversation: Conversation, turns: Sequence[SavedTurn]) -> None:
        """Store a whole chat with its id, title and date.

        Raises:
            InvalidRequest: there is a chat with this id.
        """
        title = storable(conversation.title)
        with self._database.transaction() as connection:
            known = "SELECT 1 FROM conversation WHERE id = ?"
            if connection.execute(known, (conversation.id,)).fetchone():
                raise InvalidRequest(f"There is a chat '{conversation.id}' already.")
            connection.execute(
                "INSERT INTO conversation (id, title, owner, updated_at, pinned) "
                "VALUES (?, ?, ?, ?, ?)",
                (
                    conversation.id,
                    title,
                    conversation.owner,
                    conversation.updated_at.isoformat(),
                    conversation.pinned,
                ),
            )
            chat_words.add_title(connection, conversation.id, title)
            _write(connection, conversation.id, turns)

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
            _write(connection, conversation_id, turns)

    def conversations(
        self, owner: str, words: str = "", limit: int | None = None
    ) -> list[Conversation]:
        """The owner's chats: the pinned ones first, then the latest first, at most ``limit``.

        ``words`` leaves those that hold each of the words somewhere in title or messages.
        """
        condition, parameters = chat_words.condition(storable(words))
        query = (
            f"{_LISTED} WHERE owner = ? AND {condition} "
            "ORDER BY pinned DESC, updated_at DESC, rowid DESC LIMIT ?"
        )
        most = -1 if limit is None else limit
        with self._database.reading() as connection:
            rows = connection.execute(query, (owner, *parameters, most)).fetchall()
        return [_conversation(row) for row in rows]

    def conversation(self, owner: str, conversation_id: str) -> Conversation:
        """One chat as a list shows it.

        Raises:
            ConversationNotFound: no such chat of this owner.
        """
        query = f"{_LISTED} WHERE owner = ? AND id = ?"
        with self._database.reading() as connection:
            row = connection.execute(query, (owner, conversation_id)).fetchone()
        if row is None:
            raise _not_found(conversation_id)
        return _conversation(row)

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
        self._update(owner, conversation_id, "title", storable(title))

    def pin(self, owner: str, conversation_id: str, pinned: bool) -> None:
        """Keep a chat above the others, or no longer.

        Raises:
            ConversationNotFound: no such chat of this owner.
        """
        self._update(owner, conversation_id, "pinned", pinned)

    def _update(self, owner: str, conversation_id: str, column: str, value: str | bool) -> None:
        with self._database.transaction() as connection:
            updated = connection.execute(
                f"UPDATE conversation SET {column} = ? WHERE id = ? AND owner = ?",
                (value, conversation_id, owner),
            )
            if not updated.rowcount:
                raise _not_found(conversation_id)
            if isinstance(value, str):
                chat_words.add_title(connection, conversation_id, value)

    def delete(self, owner: str, conversation_id: str) -> None:
        """Remove a chat; an unknown one is ignored."""
        owned = (conversation_id, owner)
        with self._database.transaction() as connection:
            known = "SELECT 1 FROM conversation WHERE id = ? AND owner = ?"
            if connection.execute(known, owned).fetchone():
                chat_words.forget(connection, conversation_id)
                connection.execute("DELETE FROM conversation WHERE id = ? AND owner = ?", owned)


def _write(connection: Connection, conversation_id: str, turns: Sequence[SavedTurn]) -> None:
    connection.executemany(
        "INSERT INTO turn (conversation_id, role, content, sources, model) VALUES (?, ?, ?, ?, ?)",
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
    chat_words.add_turns(connection, conversation_id)


def _conversation(row: tuple[str, str, str, str, int, int]) -> Conversation:
    identity, title, owner, updated_at, pinned, messages = row
    return Conversation(
        identity, title, owner, datetime.fromisoformat(updated_at), bool(pinned), messages
    )


def _not_found(conversation_id: str) -> ConversationNotFound:
    return ConversationNotFound(f"There is no chat '{conversation_id}'.")
