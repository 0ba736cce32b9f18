"""Saved chats in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from sqlite3 import Connection
from uuid import uuid4

from carrel.core.conversations import BEGINNING, Conversation, SavedTurn, branch
from carrel.core.errors import ConversationNotFound, InvalidRequest
from carrel.disk.sqlite_file import storable
from carrel.storage import chat_words, turn_rows
from carrel.storage.database import Database

_LISTED = (
    "SELECT id, title, owner, updated_at, pinned, "
    "(SELECT count(*) FROM turn WHERE conversation_id = conversation.id), last FROM conversation"
)
_BELOW = (
    "WITH RECURSIVE below (id) AS (SELECT id FROM turn WHERE conversation_id = ? AND id = ? "
    "UNION ALL SELECT turn.id FROM turn JOIN below ON turn.parent = below.id) SELECT id FROM below"
)
"""A turn, and all that follow it in any version."""


class SqliteConversationStore:
    """Chats; see ``carrel.core.conversations.ConversationStore`` for the contract.

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
        """Store a whole chat with its id, title and date; its turns get new ids.

        Turns without ids follow one another.

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
            stored: dict[int, int] = {}
            last: int | None = None
            for turn in turns:
                parent = last
                if turn.id:
                    parent = None if turn.parent is None else stored[turn.parent]
                last = stored[turn.id] = turn_rows.write(connection, conversation.id, turn, parent)
            chat_words.add_turns(connection, conversation.id)
            if conversation.last is not None:
                last = stored[conversation.last]
            _show(connection, conversation.id, last)

    def append(
        self, conversation_id: str, turns: Sequence[SavedTurn], after: int | None = None
    ) -> list[int]:
        """Add messages, one after the other, and show the version that ends with them.

        They follow the turn ``after`` (``BEGINNING``: none), or the end of the shown version where
        it is None or is not there any more. Returns their ids.

        Raises:
            ConversationNotFound: no such chat.
        """
        now = datetime.now(UTC).isoformat()
        with self._database.transaction() as connection:
            touched = connection.execute(
                "UPDATE conversation SET updated_at = ? WHERE id = ? RETURNING last",
                (now, conversation_id),
            ).fetchone()
            if touched is None:
                raise _not_found(conversation_id)
            parent: int | None = touched[0]
            if after == BEGINNING:
                parent = None
            elif after is not None and _has(connection, conversation_id, after):
                parent = after
            written: list[int] = []
            for turn in turns:
                parent = turn_rows.write(connection, conversation_id, turn, parent)
                written.append(parent)
            chat_words.add_turns(connection, conversation_id)
            if written:
                _show(connection, conversation_id, written[-1])
            return written

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
        """One chat as listed.

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
        """The messages of the shown version of a chat, in order.

        Raises:
            ConversationNotFound: no such chat of this owner.
        """
        with self._database.reading() as connection:
            last = _last(connection, owner, conversation_id)
            return branch(turn_rows.turns(connection, conversation_id), last)

    def all_turns(self, owner: str, conversation_id: str) -> list[SavedTurn]:
        """The messages of all versions of a chat, in the order of their ids.

        Raises:
            ConversationNotFound: no such chat of this owner.
        """
        with self._database.reading() as connection:
            _last(connection, owner, conversation_id)
            return turn_rows.turns(connection, conversation_id)

    def versions(self, conversation_id: str, turn: int) -> list[int]:
        """The ids of a turn and of its other versions, the oldest first."""
        query = (
            "SELECT other.id FROM turn JOIN turn AS other ON other.parent IS turn.parent AND "
            "other.conversation_id = turn.conversation_id AND other.role = turn.role "
            "WHERE turn.conversation_id = ? AND turn.id = ? ORDER BY other.id"
        )
        with self._database.reading() as connection:
            return [row[0] for row in connection.execute(query, (conversation_id, turn))]

    def rewrite(self, owner: str, conversation_id: str, turn: SavedTurn) -> None:
        """Put a turn in the place of the one with its id; its place among the versions stays.

        Raises:
            ConversationNotFound: no such chat of this owner, or no such turn in it.
        """
        now = datetime.now(UTC).isoformat()
        with self._database.transaction() as connection:
            _below(connection, owner, conversation_id, turn.id)
            touched = "UPDATE conversation SET updated_at = ? WHERE id = ?"
            connection.execute(touched, (now, conversation_id))
            turn_rows.rewrite(connection, turn)
            chat_words.replace_turn(connection, conversation_id, turn.id)

    def show_version(self, owner: str, conversation_id: str, turn: int) -> None:
        """Show the version that leads through a turn to the last one written after it.

        Raises:
            ConversationNotFound: no such chat of this owner, or no such turn in it.
        """
        with self._database.transaction() as connection:
            _show(
                connection, conversation_id, max(_below(connection, owner, conversation_id, turn))
            )

    def remove(self, owner: str, conversation_id: str, turn: int) -> None:
        """Remove a turn with all that follow it, and show the version next to it.

        Raises:
            ConversationNotFound: no such chat of this owner, or no such turn in it.
        """
        with self._database.transaction() as connection:
            gone = _below(connection, owner, conversation_id, turn)
            last = _last(connection, owner, conversation_id)
            (parent,) = connection.execute(
                "SELECT parent FROM turn WHERE id = ?", (turn,)
            ).fetchone()
            chat_words.forget_turns(connection, gone)
            connection.executemany("DELETE FROM turn WHERE id = ?", [(each,) for each in gone])
            if last not in gone:
                return
            if parent is None:
                latest = "SELECT max(id) FROM turn WHERE conversation_id = ?"
                (remaining,) = connection.execute(latest, (conversation_id,)).fetchone()
            else:
                remaining = max(_below(connection, owner, conversation_id, parent))
            _show(connection, conversation_id, remaining)

    def rename(self, owner: str, conversation_id: str, title: str) -> None:
        """Give a chat another title; its place in the list stays.

        Raises:
            ConversationNotFound: no such chat of this owner.
        """
        self._update(owner, conversation_id, "title", storable(title))

    def pin(self, owner: str, conversation_id: str, pinned: bool) -> None:
        """Pin or unpin a chat.

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


def _show(connection: Connection, conversation_id: str, last: int | None) -> None:
    connection.execute("UPDATE conversation SET last = ? WHERE id = ?", (last, conversation_id))


def _has(connection: Connection, conversation_id: str, turn: int) -> bool:
    known = "SELECT 1 FROM turn WHERE conversation_id = ? AND id = ?"
    return connection.execute(known, (conversation_id, turn)).fetchone() is not None


def _last(connection: Connection, owner: str, conversation_id: str) -> int | None:
    """Return the turn that the shown version ends with.

    Raises:
        ConversationNotFound: no such chat of this owner.
    """
    owned = "SELECT last FROM conversation WHERE id = ? AND owner = ?"
    row = connection.execute(owned, (conversation_id, owner)).fetchone()
    if row is None:
        raise _not_found(conversation_id)
    last: int | None = row[0]
    return last


def _below(connection: Connection, owner: str, conversation_id: str, turn: int) -> list[int]:
    """Return the ids of a turn and of all that follow it.

    Raises:
        ConversationNotFound: no such chat of this owner, or no such turn in it.
    """
    _last(connection, owner, conversation_id)
    found = [row[0] for row in connection.execute(_BELOW, (conversation_id, turn))]
    if not found:
        raise ConversationNotFound("That message is not in the chat any more: open it again.")
    return found


def _conversation(row: tuple[str, str, str, str, int, int, int | None]) -> Conversation:
    identity, title, owner, updated_at, pinned, messages, last = row
    return Conversation(
        identity, title, owner, datetime.fromisoformat(updated_at), bool(pinned), messages, last
    )


def _not_found(conversation_id: str) -> ConversationNotFound:
    return ConversationNotFound(f"There is no chat '{conversation_id}'.")
