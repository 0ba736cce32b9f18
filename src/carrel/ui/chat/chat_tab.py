"""The chat view: reading column, question box, and their events."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import gradio as gr

from carrel.core.document_tasks import Action
from carrel.services.application import Services
from carrel.ui.chat.answering import Answering, Question
from carrel.ui.chat.composer import Composer
from carrel.ui.chat.continuing import can_continue
from carrel.ui.chat.render_exchange import exchange_html, exchanges_html
from carrel.ui.shell.actions import actions_script, chosen
from carrel.ui.shell.events import Guard, Inputs, Updates
from carrel.ui.shell.order import LATEST, numbered
from carrel.ui.shell.render import thread_html, welcome_html
from carrel.ui.sidebar.sidebar import Sidebar
from carrel.ui.state.answer_options import read_options
from carrel.ui.state.choices import ready_names, scope_of
from carrel.ui.state.exchange import Exchange
from carrel.ui.state.session import Session
from carrel.ui.state.tasks import heading, task_of

FOLLOW = (
    "const follow = () => {"
    "const thread = element.querySelector('[data-chat]');"
    "if (thread) window.carrel?.followChat(thread.dataset.chat); };"
    "watch('value', follow);"
    "window.carrel?.watchReading();"
)

ACTIONS = (
    "open_place",
    "continue_answer",
    "ask_again",
    "edit_question",
    "show_version",
    "delete_exchange",
)
"""Actions on each question and its answer."""


class ChatTab:
    """Builds the chat; ``wire`` connects it to the services and the sidebar.

    ``changed`` are the components that depend on the chat.
    """

    def __init__(
        self, services: Services, session: gr.State, guard: Guard, sidebar: Sidebar
    ) -> None:
        self._services = services
        self._session = session
        self._guard = guard
        self._sidebar = sidebar
        with gr.Column(elem_id="chat-view", elem_classes="view"):
            with gr.Column(elem_id="reading"):
                self.past = gr.HTML(
                    "",
                    elem_id="past",
                    apply_default_css=False,
                    js_on_load=LATEST + actions_script(*ACTIONS),
                )
                self.current = gr.HTML(
                    "",
                    elem_id="current",
                    apply_default_css=False,
                    js_on_load=LATEST + FOLLOW + actions_script(*ACTIONS),
                )
            self.composer = Composer(services)
        buttons = (self.composer.send, self.composer.stop)
        self.changed = [
            *(guard.notice, self.past, self.current, *buttons, sidebar.chats),
            self.composer.answer.tokens,
        ]

    def wire(self) -> None:
        """Connect the events of the chat and of the sidebar's list of chats."""
        composer, sidebar, notice, thread = (
            self.composer,
            self._sidebar,
            self._guard.notice,
            self.changed,
        )
        own: Inputs = {"session": self._session}
        asking: Inputs = {**own, "model": composer.model, **composer.answer.inputs}
        composer.wire(self._guard, self._session)
        composer.answer.wire(self._services, self._guard, self._session, composer.settings)
        composer.answer.wire_model(self._guard, composer.model, composer.settings)
        private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        gr.on(
            [composer.question.submit, composer.send.click],
            self._guard.stream(self.ask),
            inputs_kwargs={**asking, "question": composer.question, "action": composer.action},
            outputs=[composer.question, *thread],
            concurrency_limit=None,
            # A question may follow while the previous answer is still being saved; Gradio would
            # silently drop it.
            trigger_mode="multiple",
            **private,
        )
        sidebar.list.wire_thread(self._guard, own, self.thread, thread)
        asks = (composer.action, composer.question, composer.send)
        composer.scope.wire(self._guard, self._session, self.scope_changed, self.current, *asks)
        # Without the queue: these must not wait.
        for event, handler, inputs, changed in (
            (composer.stop.click, self.stop_answer, own, [notice]),
            (sidebar.new_chat.click, self.new_chat, own, thread),
            (sidebar.chats.open_chat, self.open_chat, own, thread),
        ):
            event(
                self._guard.once(handler),
                inputs_kwargs=inputs,
                outputs=changed,
                queue=False,
                **private,
            )

    async def ask(
        self,
        *,
        question: str,
        action: str | None = None,
        model: str | None,
        session: Session,
        **wanted: Any,
    ) -> AsyncGenerator[Updates]:
        """Answer a question, streaming to the page, and save both."""
        question, texts = question.strip(), session.preferences.texts
        scope = await scope_of(session, self._services)
        task = task_of(action, question, scope, texts)
        if task is not None and (question or task.action is not Action.SEARCH):
            question = heading(task, texts)
        if not question or session.is_waiting_for(question):
            return
        options = read_options(self._services.settings, wanted)
        asked = Question(question, scope, model, task, options)
        cleared: Updates = {self.composer.question: ""}
        async with aclosing(self.answer(asked, session)) as updates:
            async for update in updates:
                yield {**cleared, **update}
                cleared = {}

    async def answer(self, asked: Question, session: Session) -> AsyncGenerator[Updates]:
        """Answer a question at the end of the shown chat, and save both."""
        past = exchanges_html(session.exchanges, session.preferences.texts)
        answering = Answering.begin(self._services, session, asked)
        async with aclosing(self.follow(answering, past)) as updates:
            async for update in updates:
                yield update

    async def follow(self, answering: Answering, past: str) -> AsyncGenerator[Updates]:
        """Stream an answer below the ``past`` of its chat, and save it."""
        session = answering.session
        try:
            yield {
                self.past: numbered(past),
                **self._progress(session, answering.exchange, busy=True),
            }
            async with aclosing(self._written(answering)) as updates:
                async for update in updates:
                    yield update
        finally:
            # If it ended before its first step, nothing will be saved.
            answering.exchange.settled.set()
            answering.running.delivered.set()

    async def _written(self, answering: Answering) -> AsyncGenerator[Updates]:
        session = answering.session
        listed = session.conversation_id
        async with aclosing(answering.steps()) as steps:
            async for _ in steps:
                if not answering.is_shown:
                    continue
                updates = self._progress(session, answering.exchange, busy=True)
                if listed != session.conversation_id:
                    listed = session.conversation_id
                    updates[self._sidebar.chats] = await self._chats(session)
                yield updates
        updates = {self._sidebar.chats: await self._chats(session)}
        if answering.is_shown:
            session.answering = None
            updates |= self._progress(session, answering.exchange, busy=False)
            updates |= await self.composer.answer.count(session=session)
        yield updates

    async def stop_answer(self, *, session: Session) -> Updates:
        """Stop the running answer; its text is kept."""
        session.stop_answering()
        return {}

    async def new_chat(self, *, session: Session) -> Updates:
        """Leave the chat for an empty one; the text of the question box is kept."""
        session.leave_chat()
        return await self.thread(session)

    async def open_chat(self, event: gr.EventData, *, session: Session) -> Updates:
        """Show a saved chat, to be continued."""
        conversation_id = chosen(event)
        await session.open_chat(
            await self._services.history.chat(session.principal, conversation_id)
        )
        return await self.thread(session)

    async def scope_changed(self, session: Session) -> Updates:
        """Update the empty chat's hints and the actions for the selected documents."""
        scope = await scope_of(session, self._services)
        only_asks = {} if scope.collections else await self.composer.only_ask(session)
        return {**await self.welcome(session), **only_asks}

    async def welcome(self, session: Session) -> Updates:
        """Update the empty chat's hints for the selected documents."""
        if session.exchanges:
            return {}
        return {self.current: await self._welcome(session)}

    async def thread(self, session: Session) -> Updates:
        """Render the whole chat of the session, and the list of chats."""
        busy = session.answering is not None
        updates = {
            self.past: numbered(exchanges_html(session.exchanges[:-1], session.preferences.texts)),
            self._sidebar.chats: await self._chats(session),
            **await self.composer.answer.count(session=session),
        }
        if session.exchanges:
            return updates | self._progress(session, session.exchanges[-1], busy=busy)
        return {
            **updates,
            self.current: await self._welcome(session),
            **self.composer.buttons(busy=False),
        }

    def _progress(self, session: Session, exchange: Exchange, *, busy: bool) -> Updates:
        continuable = can_continue(self._services.models, exchange)
        texts = session.preferences.texts
        shown = exchange_html(exchange, len(session.exchanges) - 1, texts, continuable=continuable)
        thread = thread_html(shown, session.conversation_id, exchange.key)
        return {self.current: numbered(thread), **self.composer.buttons(busy=busy)}

    async def _chats(self, session: Session) -> str:
        return await self._sidebar.list.html(session)

    async def _welcome(self, session: Session) -> str:
        scope, texts = await scope_of(session, self._services), session.preferences.texts
        if not scope.collections:
            return numbered(thread_html(welcome_html([], None, texts), None))
        names = await ready_names(self._services, scope, session.principal)
        label, alone = scope.label(texts), bool(scope.documents)
        return numbered(thread_html(welcome_html(names, label, texts, alone=alone), None))
