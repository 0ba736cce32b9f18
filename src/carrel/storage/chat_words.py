"""Full-text search over titles and messages of chats.

The tables are of trigrams, so that a word is found while it is being typed, within longer words,
and in scripts without spaces. A row of ``turn_text`` has the id of its turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from sqlite3 import Connection

MOST_WORDS = 12
"""Maximum number of words of a query."""

SHORTEST_INDEXED = 3
"""Length of a trigram: shorter words are searched for in the texts themselves."""

_TABLES = ("title_text", "turn_text")


def condition(words: str) -> tuple[str, list[str]]:
    """Return an SQL condition on ``conversation.id`` for the words of a query, and its parameters.

    Each word may be in another message. The words contain no operators: they are quoted or
    escaped, and passed as parameters.
    """
    parts: list[str] = []
    parameters: list[str] = []
    for word in words.replace("\0", " ").split()[:MOST_WORDS]:
        if len(word) >= SHORTEST_INDEXED:
            test, parameter = "{table} MATCH ?", 'text : "' + word.replace('"', '""') + '"'
        else:
            test, parameter = "text LIKE ? ESCAPE '\\'", f"%{_escaped(word)}%"
        found = " UNION ".join(
            f"SELECT conversation_id FROM {table} WHERE {test.format(table=table)}"
            for table in _TABLES
        )
        parts.append(f"id IN ({found})")
        parameters.extend([parameter] * len(_TABLES))
    return " AND ".join(parts) or "1", parameters


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def add_title(connection: Connection, conversation_id: str, title: str) -> None:
    """Index a title, in place of the chat's earlier one."""
    connection.execute("DELETE FROM title_text WHERE conversation_id = ?", (conversation_id,))
    connection.execute(
        "INSERT INTO title_text (text, conversation_id) VALUES (?, ?)", (title, conversation_id)
    )


def add_turns(connection: Connection, conversation_id: str) -> None:
    """Index the turns of a chat that are not indexed yet."""
    connection.execute(
        "INSERT INTO turn_text (rowid, text, conversation_id) "
        "SELECT id, content, conversation_id FROM turn WHERE conversation_id = ?1 AND id > "
        "(SELECT coalesce(max(rowid), 0) FROM turn_text WHERE rowid IN "
        "(SELECT id FROM turn WHERE conversation_id = ?1))",
        (conversation_id,),
    )


def replace_turn(connection: Connection, conversation_id: str, turn: int) -> None:
    """Index a turn again, in place of its earlier text."""
    connection.execute("DELETE FROM turn_text WHERE rowid = ?", (turn,))
    connection.execute(
        "INSERT INTO turn_text (rowid, text, conversation_id) "
        "SELECT id, content, conversation_id FROM turn WHERE conversation_id = ? AND id = ?",
        (conversation_id, turn),
    )


def forget_turns(connection: Connection, turns: Sequence[int]) -> None:
    """Remove turns from the index."""
    connection.executemany("DELETE FROM turn_text WHERE rowid = ?", [(turn,) for turn in turns])
    connection.execute("INSERT INTO turn_text (turn_text) VALUES ('optimize')")


def forget(connection: Connection, conversation_id: str) -> None:
    """Remove a chat from the index, while its turns still exist."""
    connection.execute("DELETE FROM title_text WHERE conversation_id = ?", (conversation_id,))
    connection.execute(
        "DELETE FROM turn_text WHERE rowid IN (SELECT id FROM turn WHERE conversation_id = ?)",
        (conversation_id,),
    )
    # FTS5 keeps the words of deleted rows until its segments are merged.
    for table in _TABLES:
        connection.execute(f"INSERT INTO {table} ({table}) VALUES ('optimize')")
