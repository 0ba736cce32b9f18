"""Saved chats of an account."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from carrel.core.access import Principal
from carrel.core.conversations import Conversation, ConversationStore, SavedTurn, branch
from carrel.core.request_limits import require_short_query

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
    """A saved chat with the messages of all its versions."""

    conversation: Conversation
    turns: tuple[SavedTurn, ...]

    @property
    def shown(self) -> list[SavedTurn]:
        """The messages of the shown version, in order."""
        return branch(self.turns, self.conversation.last)


class HistoryService:
    """Chats, each visible to its owner only."""

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

        Raises:
            QueryTooLong: there are too many words.
        """
        require_short_query(words)
        return await asyncio.to_thread(self._store.conversations, principal.account, words, limit)

    async def chat(self, principal: Principal, conversation_id: str) -> Chat:
        """Return a whole chat, in the form that ``add`` takes.

        Raises:
            ConversationNotFound: no such chat of this account.
        """
        conversation = await asyncio.to_thread(
            self._store.conversation, principal.account, conversation_id
        )
        turns = await asyncio.to_thread(self._store.all_turns, principal.account, conversation_id)
        return Chat(conversation, tuple(turns))

    async def add(self, principal: Principal, chat: Chat) -> Conversation:
        """Store a whole chat as one of the account's own: a restored one, or one from a file.

        Raises:
            InvalidRequest: it exists already.
        """
        own = replace(chat.conversation, owner=principal.account, messages=len(chat.turns))
        await asyncio.to_thread(self._store.add, own, chat.turns)
        return own

    async def turns(self, principal: Principal, conversation_id: str) -> Sequence[SavedTurn]:
        """Return the messages of the shown version of a chat, in order.

        Raises:
            ConversationNotFound: no such chat of this account.
        """
        return await asyncio.to_thread(self._store.turns, principal.account, conversation_id)

    async def append(
        self,
        principal: Principal,
        conversation_id: str,
        turns: Sequence[SavedTurn],
        after: int | None = None,
    ) -> Sequence[int]:
        """Add messages after the turn ``after`` of a chat, and show them; return their ids.

        ``BEGINNING`` makes another version of the first question, None continues the shown one.

        Raises:
            ConversationNotFound: no such chat of this account.
        """
        await asyncio.to_thread(self._store.conversation, principal.account, conversation_id)
        return await asyncio.to_thread(self._store.append, conversation_id, turns, after)

    async def rewrite(self, principal: Principal, conversation_id: str, turn: SavedTurn) -> None:
        """Replace the turn with this id, for instance by a continued answer.

        Raises:
            ConversationNotFound: no such chat of this account, or no such turn in it.
        """
        await asyncio.to_thread(self._store.rewrite, principal.account, conversation_id, turn)

    async def versions(
        self, principal: Principal, conversation_id: str, turn: int
    ) -> Sequence[int]:
        """Return the ids of a turn and of its other versions, the oldest first.

        Raises:
            ConversationNotFound: no such chat of this account.
        """
        await asyncio.to_thread(self._store.conversation, principal.account, conversation_id)
        return await asyncio.to_thread(self._store.versions, conversation_id, turn)

    async def show_version(self, principal: Principal, conversation_id: str, turn: int) -> Chat:
        """Show the version of a chat that leads through a turn, and return the chat.

        Raises:
            ConversationNotFound: no such chat of this account, or no such turn in it.
        """
        await asyncio.to_thread(self._store.show_version, principal.account, conversation_id, turn)
        return await self.chat(principal, conversation_id)

    async def remove(self, principal: Principal, conversation_id: str, turn: int) -> Chat | None:
        """Remove a turn with all that follow it; an empty chat is deleted.

        Returns the remaining chat.

        Raises:
            ConversationNotFound: no such chat of this account, or no such turn in it.
        """
        await asyncio.to_thread(self._store.remove, principal.account, conversation_id, turn)
        chat = await self.chat(principal, conversation_id)
        if chat.turns:
            return chat
        await self.delete(principal, conversation_id)
        return None

    async def rename(self, principal: Principal, conversation_id: str, title: str) -> None:
        """Give a chat another title."""
        await asyncio.to_thread(
            self._store.rename, principal.account, conversation_id, title_from(title)
        )

    async def pin(self, principal: Principal, conversation_id: str, pinned: bool) -> None:
        """Pin or unpin a chat.

        Raises:
            ConversationNotFound: no such chat of this account.
        """
        await asyncio.to_thread(self._store.pin, principal.account, conversation_id, pinned)

    async def delete(self, principal: Principal, conversation_id: str) -> None:
        """Remove a chat; an unknown one is ignored."""
        await asyncio.to_thread(self._store.delete, principal.account, conversation_id)
