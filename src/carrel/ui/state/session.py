"""Server-side state of one browser tab."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from carrel.core.access import Principal
from carrel.core.chat import Message, Role
from carrel.core.documents import Source
from carrel.core.errors import InvalidRequest
from carrel.core.request_limits import MOST_MESSAGES
from carrel.services.document_tasks import TaskEvent
from carrel.services.history.history import Chat
from carrel.ui.state.compared import Compared
from carrel.ui.state.exchange import Exchange, recalled
from carrel.ui.state.listed_chats import BrowserPreferences, ListedChats
from carrel.ui.state.running import Running
from carrel.ui.state.scope import ChosenScope
from carrel.ui.state.upload import Upload

MOST_SPOKEN = MOST_MESSAGES - 4
"""Messages of a long chat that are sent to the model, besides a system message and a question.

An even number, so that a question is the first.
"""


@dataclass(slots=True)
class Session:
    """The session state of Gradio; each tab gets a copy of the first, empty one.

    ``scope`` is the selected one, None before the first choice; ``finding`` is its name filter.
    ``collection`` is the one shown in the documents view; ``uploads`` are shown above its
    documents, by the ids of their jobs. ``found`` has the last search's results, ``comparing`` the
    compared answers, ``viewing`` the source, the quote and the name of the place in the viewer.
    """

    principal: Principal = field(default_factory=Principal)
    conversation_id: str | None = None
    exchanges: list[Exchange] = field(default_factory=list)
    answering: Running[TaskEvent] | None = None
    scope: ChosenScope | None = None
    finding: str = ""
    collection: str = ""
    found: Sequence[Source] = ()
    comparing: Compared | None = None
    viewing: tuple[Source, str, str] | None = None
    uploads: dict[str, Upload] = field(default_factory=dict)
    listed: ListedChats = field(default_factory=ListedChats)
    preferences: BrowserPreferences = field(default_factory=BrowserPreferences)
    _caller: str = ""

    @property
    def caller(self) -> str:
        """Identifies this tab; created at its first question, as the tab is a copy."""
        self._caller = self._caller or f"page {uuid.uuid4().hex}"
        return self._caller

    def is_waiting_for(self, question: str) -> bool:
        """Whether this question was just asked and has no answer yet.

        Pressing Enter twice asks once.
        """
        if self.answering is None or self.answering.stopped:
            return False
        return self.exchanges[-1].question == question and not self.exchanges[-1].text

    def stop_answering(self) -> None:
        """Stop the running answer, if there is one."""
        if self.answering is not None:
            self.answering.stop()

    def leave_chat(self) -> None:
        """Stop the running answer and start an empty chat."""
        self.stop_answering()
        self.answering = None
        self.conversation_id = None
        self.exchanges = []

    async def open_chat(self, chat: Chat) -> None:
        """Continue the shown version of a saved chat."""
        # Attributing the sentences of a long chat takes a second.
        exchanges = await asyncio.to_thread(recalled, chat)
        self.leave_chat()
        self.conversation_id = chat.conversation.id
        self.exchanges = exchanges

    def exchange(self, place: str) -> tuple[int, Exchange]:
        """Return the exchange at a position (from 0) of the chat, and the position.

        Raises:
            InvalidRequest: there is none; the position is untrusted input.
        """
        # A minus sign would count from the end.
        at = int(place) if place.isdecimal() and len(place) < 6 else -1
        if not 0 <= at < len(self.exchanges):
            raise InvalidRequest("That question is not in the chat any more: open the chat again.")
        return at, self.exchanges[at]

    def messages(self, question: str) -> tuple[Message, ...]:
        """Return the answered questions with their answers, and the new question last."""
        return (*spoken(self.exchanges), Message(Role.USER, question))


def spoken(exchanges: Sequence[Exchange]) -> list[Message]:
    """Return the latest answered questions with their answers, as many as one request may have."""
    messages: list[Message] = []
    for each in exchanges:
        if each.text:
            messages.append(Message(Role.USER, each.question))
            messages.append(Message(Role.ASSISTANT, each.text))
    return messages[-MOST_SPOKEN:]
