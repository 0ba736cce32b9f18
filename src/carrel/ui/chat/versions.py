"""Actions on a question: ask again, edit, delete, and continue its answer.

Nothing is overwritten: a question that is asked again or edited begins another version of the chat
from there on, and a switch below the answer leads to the others.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import gradio as gr

from carrel.core.document_tasks import DocumentTask
from carrel.core.errors import InvalidRequest
from carrel.services.application import Services
from carrel.ui.chat.answering import Question
from carrel.ui.chat.chat_tab import ChatTab
from carrel.ui.chat.continuing import Continuing
from carrel.ui.chat.render_exchange import exchanges_html
from carrel.ui.shell.actions import chosen, entered
from carrel.ui.shell.events import Guard, Inputs, Updates
from carrel.ui.state.answer_options import read_options
from carrel.ui.state.choices import scope_of
from carrel.ui.state.session import Session
from carrel.ui.state.tasks import heading, with_focus


class Versions:
    """Connects the buttons below each answer of the chat."""

    def __init__(self, services: Services, session: gr.State, guard: Guard, chat: ChatTab) -> None:
        self._services = services
        self._session = session
        self._guard = guard
        self._chat = chat

    def wire(self) -> None:
        """Connect the buttons of the answers."""
        own: Inputs = {"session": self._session}
        composer = self._chat.composer
        asking: Inputs = {**own, "model": composer.model, **composer.answer.inputs}
        private: dict[str, Any] = {
            "api_visibility": "private",
            "show_progress": "hidden",
            "outputs": self._chat.changed,
        }
        for shown in (self._chat.past, self._chat.current):
            for event, asks in (
                (shown.continue_answer, self.continue_answer),
                (shown.ask_again, self.ask_again),
                (shown.edit_question, self.edit_question),
            ):
                event(
                    self._guard.stream(asks),
                    inputs_kwargs=asking,
                    concurrency_limit=None,
                    **private,
                )
            for event, changes in (
                (shown.show_version, self.show_version),
                (shown.delete_exchange, self.delete_exchange),
            ):
                event(self._guard.once(changes), inputs_kwargs=own, queue=False, **private)

    async def continue_answer(
        self,
        event: gr.EventData,
        *,
        session: Session,
        model: str | None,
        **wanted: Any,
    ) -> AsyncGenerator[Updates]:
        """Continue the last answer, which was cut off or stopped, with its own scope and model."""
        place, exchange = session.exchange(chosen(event))
        if exchange.stage is not None:
            return
        await exchange.settled.wait()
        if exchange is not session.exchanges[-1]:
            raise InvalidRequest("Only the last answer of a chat can be continued.")
        options = read_options(self._services.settings, wanted)
        continuing = Continuing.of_last(self._services, session, options)
        past = exchanges_html(session.exchanges[:place], session.preferences.texts)
        async with aclosing(self._chat.follow(continuing, past)) as updates:
            async for update in updates:
                yield update
        if continuing.refused is not None:
            raise continuing.refused

    async def ask_again(
        self, event: gr.EventData, *, session: Session, **wanted: Any
    ) -> AsyncGenerator[Updates]:
        """Ask a question again; the present answer becomes another version."""
        place, exchange = session.exchange(chosen(event))
        if exchange.stage is not None:
            return
        async with aclosing(
            self._ask(place, exchange.question, exchange.task, session, **wanted)
        ) as updates:
            async for update in updates:
                yield update

    async def edit_question(
        self, event: gr.EventData, *, session: Session, **wanted: Any
    ) -> AsyncGenerator[Updates]:
        """Ask an edited question; the present one becomes another version."""
        place, exchange = session.exchange(chosen(event))
        question, task = entered(event, "question").strip(), exchange.task
        if task is not None:
            task = with_focus(task, question)
            question = heading(task, session.preferences.texts)
        if not question:
            raise InvalidRequest("The question is empty: write one.")
        async with aclosing(self._ask(place, question, task, session, **wanted)) as updates:
            async for update in updates:
                yield update

    async def show_version(self, event: gr.EventData, *, session: Session) -> Updates:
        """Show another version of a question, and what followed it."""
        place, _, turn = chosen(event).partition(".")
        _, exchange = session.exchange(place)
        if session.conversation_id is None or turn not in map(str, exchange.versions):
            raise InvalidRequest("That version is not in the chat any more: open the chat again.")
        await self._stopped(session)
        await session.open_chat(
            await self._services.history.show_version(
                session.principal, session.conversation_id, int(turn)
            )
        )
        return await self._chat.thread(session)

    async def delete_exchange(self, event: gr.EventData, *, session: Session) -> Updates:
        """Remove a question with its answer and what followed; another version takes its place."""
        place, _ = session.exchange(chosen(event))
        await self._stopped(session)
        # A rejected question is not saved; later ones may be.
        saved = [each.turn for each in session.exchanges[place:] if each.turn is not None]
        if not saved or session.conversation_id is None:
            del session.exchanges[place:]
            session.answering = None
            return await self._chat.thread(session)
        left = await self._services.history.remove(
            session.principal, session.conversation_id, saved[0]
        )
        if left is None:
            session.leave_chat()
        else:
            await session.open_chat(left)
        return await self._chat.thread(session)

    @staticmethod
    async def _stopped(session: Session) -> None:
        """Stop the running answer and wait for its end: its last update would replace the chat."""
        session.stop_answering()
        if session.answering is not None:
            await session.answering.delivered.wait()
        if session.exchanges:
            await session.exchanges[-1].settled.wait()

    async def _ask(
        self,
        place: int,
        question: str,
        task: DocumentTask | None,
        session: Session,
        *,
        model: str | None,
        **wanted: Any,
    ) -> AsyncGenerator[Updates]:
        scope = await scope_of(session, self._services)
        options = read_options(self._services.settings, wanted)
        session.stop_answering()
        replaced = session.exchanges[place]
        del session.exchanges[place:]
        asked = Question(question, scope, model, task, options, replaced.versions)
        async with aclosing(self._chat.answer(asked, session)) as updates:
            async for update in updates:
                yield update
