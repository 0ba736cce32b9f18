"""Saved chats."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

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
