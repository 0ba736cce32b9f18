"""Saved chats of an account."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from carrel.core.access import Principal
from carrel.core.conversations import Conversation, ConversationStore, SavedTurn

TITLE_LENGTH = 60


def title_from(question: str) -> str:
    """Return the start of a question, cut between words, as a chat's title."""
    words = " ".join(question.split())
    if len(words) <= TITLE_LENGTH:
        return words or "Untitled chat"
    cut = words[: TITLE_LENGTH - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut else cut) + "…"


@dataclass(frozen=True, slots=True)
class Chat:
    """A saved chat with all its messages."""

    conversation: Conversation
    turns: tuple[SavedTurn, ...]


class HistoryService:
    """Chats, each seen by its owner only."""

    def __init__(self, store: ConversationStore) -> None:
        self._store = store

    async def start(self, principal: Principal, first_question: str) -> Conversation:
        """Create a chat named after its first question."""
        return await asyncio.to_thread(
            self._store.create, principal.account, title_from(first_question)
        )

    async def list(
        self, principal: Principal, words: str = "", limit: int | None = None
    ) -> Sequence[Conversation]:
        """Return the account's chats: the pinned ones first, then the latest first.

        ``words`` leaves those that hold each of the words somewhere in title or messages.
        """
        return await asyncio.to_thread(self._store.conversations, principal.account, words, limit)

    async def chat(self, principal: Principal, conversation_id: str) -> Chat:
        """Return a whole chat, as ``add`` takes it.

        Raises:
            ConversationNotFound: no such chat of this account.
        """
        conversation = await asyncio.to_thread(
            self._store.conversation, principal.account, conversation_id
        )
        return Chat(conversation, tuple(await self.turns(principal, conversation_id)))

    async def add(self, principal: Principal, chat: Chat) -> Conversation:
        """Store a whole chat as one of the account's own: a deleted one, or one from a file.

        Raises:
            InvalidRequest: it is there already.
        """
        own = replace(chat.conversation, owner=principal.account, messages=len(chat.turns))
        await asyncio.to_thread(self._store.add, own, chat.turns)
        return own

    async def turns(self, principal: Principal, conversation_id: str) -> Sequence[SavedTurn]:
        """Return the messages of a chat.

        Raises:
            ConversationNotFound: no such chat of this account.
        """
        return await asyncio.to_thread(self._store.turns, principal.account, conversation_id)

    async def append(
        self, principal: Principal, conversation_id: str, turns: Sequence[SavedTurn]
    ) -> None:
        """Add messages at the end of a chat.

        Raises:
            ConversationNotFound: no such chat of this account.
        """
        await asyncio.to_thread(self._store.turns, principal.account, conversation_id)
        await asyncio.to_thread(self._store.append, conversation_id, turns)

    async def rename(self, principal: Principal, conversation_id: str, title: str) -> None:
        """Give a chat another title."""
        await asyncio.to_thread(
            self._store.rename, principal.account, conversation_id, title_from(title)
        )

    async def pin(self, principal: Principal, conversation_id: str, pinned: bool) -> None:
        """Keep a chat above the others, or no longer.

        Raises:
            ConversationNotFound: no such chat of this account.
        """
        await asyncio.to_thread(self._store.pin, principal.account, conversation_id, pinned)

    async def delete(self, principal: Principal, conversation_id: str) -> None:
        """Remove a chat; an unknown one is ignored."""
        await asyncio.to_thread(self._store.delete, principal.account, conversation_id)
