"""Saved chats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from carrel.core.chat import Message
from carrel.core.document_tasks import DocumentTask
from carrel.core.documents import Source


@dataclass(frozen=True, slots=True)
class Conversation:
    """A saved chat as listed.

    ``messages`` counts those of all versions. ``last`` is the last turn of the shown version; None
    in an empty chat, and in one that is not stored yet.
    """

    id: str
    title: str
    owner: str
    updated_at: datetime
    pinned: bool = False
    messages: int = 0
    last: int | None = field(default=None, compare=False)


class Ending(StrEnum):
    """How an answer ended."""

    DONE = "done"
    STOPPED = "stopped"
    LENGTH = "length"
    TIME = "time"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SavedTurn:
    """One message of a saved chat, with the sources of an answer and how it ended.

    ``error`` is the reason of a failed answer; ``abstained`` says that the documents did not hold
    the answer. ``task`` is set if the message is a document task and no question. A store assigns
    each turn an increasing ``id``. ``parent`` is the id of the preceding turn, None for the first.
    Turns with the same parent are versions of each other: a question that was edited or asked
    again.
    """

    message: Message
    sources: tuple[Source, ...] = ()
    model: str | None = None
    ending: Ending = Ending.DONE
    error: str | None = None
    abstained: bool = False
    id: int = field(default=0, compare=False)
    parent: int | None = field(default=None, compare=False)
    task: DocumentTask | None = None


BEGINNING = 0
"""Placeholder turn id: before the first turn."""


def branch(turns: Sequence[SavedTurn], last: int | None) -> list[SavedTurn]:
    """Return the turns that lead to the turn ``last``, in order; all of them where it is None."""
    if last is None:
        return list(turns)
    by_id = {turn.id: turn for turn in turns}
    found: list[SavedTurn] = []
    turn = by_id.get(last)
    while turn is not None:
        found.append(turn)
        turn = by_id.get(turn.parent) if turn.parent is not None else None
    return found[::-1]


class ConversationStore(Protocol):
    """Saved chats."""

    def create(self, owner: str, title: str) -> Conversation:
        """Start an empty chat."""
        ...

    def append(
        self, conversation_id: str, turns: Sequence[SavedTurn], after: int | None = None
    ) -> list[int]:
        """Add messages, one after the other, and show the version that ends with them.

        They follow the turn ``after`` (``BEGINNING``: none), or the end of the shown version where
        it is None or is not there any more. Returns their ids.

        Raises:
            ConversationNotFound: no such chat.
        """
        ...

    def add(self, conversation: Conversation, turns: Sequence[SavedTurn]) -> None:
        """Store a whole chat with its id, title and date; its turns get new ids.

        Turns without ids follow one another.

        Raises:
            InvalidRequest: there is a chat with this id.
        """
        ...

    def conversations(
        self, owner: str, words: str = "", limit: int | None = None
    ) -> list[Conversation]:
        """The owner's chats: the pinned ones first, then the latest first, at most ``limit``.

        ``words`` leaves those that hold each of the words somewhere in title or messages, also
        within longer words, whatever its case.
        """
        ...

    def conversation(self, owner: str, conversation_id: str) -> Conversation:
        """One chat as listed.

        Raises:
            ConversationNotFound: no such chat of this owner.
        """
        ...

    def turns(self, owner: str, conversation_id: str) -> list[SavedTurn]:
        """The messages of the shown version of a chat, in order.

        Raises:
            ConversationNotFound: no such chat of this owner.
        """
        ...

    def all_turns(self, owner: str, conversation_id: str) -> list[SavedTurn]:
        """The messages of all versions of a chat, in the order of their ids.

        Raises:
            ConversationNotFound: no such chat of this owner.
        """
        ...

    def versions(self, conversation_id: str, turn: int) -> list[int]:
        """The ids of a turn and of its other versions, the oldest first."""
        ...

    def rewrite(self, owner: str, conversation_id: str, turn: SavedTurn) -> None:
        """Put a turn in the place of the one with its id; its place among the versions stays.

        Raises:
            ConversationNotFound: no such chat of this owner, or no such turn in it.
        """
        ...

    def show_version(self, owner: str, conversation_id: str, turn: int) -> None:
        """Show the version that leads through a turn to the last one written after it.

        Raises:
            ConversationNotFound: no such chat of this owner, or no such turn in it.
        """
        ...

    def remove(self, owner: str, conversation_id: str, turn: int) -> None:
        """Remove a turn with all that follow it, and show the version next to it.

        Raises:
            ConversationNotFound: no such chat of this owner, or no such turn in it.
        """
        ...

    def rename(self, owner: str, conversation_id: str, title: str) -> None:
        """Give a chat another title.

        Raises:
            ConversationNotFound: no such chat of this owner.
        """
        ...

    def pin(self, owner: str, conversation_id: str, pinned: bool) -> None:
        """Pin or unpin a chat.

        Raises:
            ConversationNotFound: no such chat of this owner.
        """
        ...

    def delete(self, owner: str, conversation_id: str) -> None:
        """Remove a chat; an unknown one is ignored."""
        ...
