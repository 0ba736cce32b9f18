"""Saved chats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from carrel.core.chat import Message
from carrel.core.documents import Source


@dataclass(frozen=True, slots=True)
class Conversation:
    """A saved chat as a list shows it; ``messages`` is how many it has."""

    id: str
    title: str
    owner: str
    updated_at: datetime
    pinned: bool = False
    messages: int = 0


@dataclass(frozen=True, slots=True)
class SavedTurn:
    """One message of a saved chat, with the sources of an answer."""

    message: Message
    sources: tuple[Source, ...] = ()
    model: str | None = None


class ConversationStore(Protocol):
    """Saved chats."""

    def create(self, owner: str, title: str) -> Conversation:
        """Start an empty chat."""
        ...

    def append(self, conversation_id: str, turns: Sequence[SavedTurn]) -> None:
        """Add messages at the end."""
        ...

    def add(self, conversation: Conversation, turns: Sequence[SavedTurn]) -> None:
        """Store a whole chat with its id, title and date.

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
        """One chat as a list shows it.

        Raises:
            ConversationNotFound: no such chat of this owner.
        """
        ...

    def turns(self, owner: str, conversation_id: str) -> list[SavedTurn]:
        """The messages of a chat, in order.

        Raises:
            ConversationNotFound: no such chat of this owner.
        """
        ...

    def rename(self, owner: str, conversation_id: str, title: str) -> None:
        """Give a chat another title.

        Raises:
            ConversationNotFound: no such chat of this owner.
        """
        ...

    def pin(self, owner: str, conversation_id: str, pinned: bool) -> None:
        """Keep a chat above the others, or no longer.

        Raises:
            ConversationNotFound: no such chat of this owner.
        """
        ...

    def delete(self, owner: str, conversation_id: str) -> None:
        """Remove a chat; an unknown one is ignored."""
        ...
