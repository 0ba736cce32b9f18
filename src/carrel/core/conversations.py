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
    """A saved chat as a list shows it."""

    id: str
    title: str
    owner: str
    updated_at: datetime


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

    def conversations(self, owner: str) -> list[Conversation]:
        """The owner's chats, the latest first."""
        ...

    def turns(self, owner: str, conversation_id: str) -> list[SavedTurn]:
        """The messages of a chat, in order.

        Raises:
            ConversationNotFound: no such chat of this owner.
        """
        ...

    def rename(self, owner: str, conversation_id: str, title: str) -> None:
        """Give a chat another title."""
        ...

    def delete(self, owner: str, conversation_id: str) -> None:
        """Remove a chat; an unknown one is ignored."""
        ...
