"""Saved chats of an account."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

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


class HistoryService:
    """Chats, each seen by its owner only."""

    def __init__(self, store: ConversationStore) -> None:
        self._store = store

    async def start(self, principal: Principal, first_question: str) -> Conversation:
        """Create a chat named after its first question."""
        return await asyncio.to_thread(
            self._store.create, principal.account, title_from(first_question)
        )

    async def list(self, principal: Principal) -> Sequence[Conversation]:
        """Return the account's chats, the latest first."""
        return await asyncio.to_thread(self._store.conversations, principal.account)

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

    async def delete(self, principal: Principal, conversation_id: str) -> None:
        """Remove a chat; an unknown one is ignored."""
        await asyncio.to_thread(self._store.delete, principal.account, conversation_id)
