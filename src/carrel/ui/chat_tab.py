"""The chat: reading column, question box, and what happens between them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import gradio as gr

from carrel.core.chat import ChatEvent, ChatRequest, Message, Role, Stage
from carrel.core.conversations import SavedTurn
from carrel.services.application import Services
from carrel.settings.schema import LLM_MODE
from carrel.ui.actions import actions_script, chosen
from carrel.ui.choices import ready_names, sampling_of, scope_of
from carrel.ui.events import Guard, Inputs, Updates, describe
from carrel.ui.exchange import Exchange
from carrel.ui.rail import Rail
from carrel.ui.render import chats_html, exchange_html, exchanges_html, thread_html, welcome_html
from carrel.ui.running import Running
from carrel.ui.session import Session

UPDATE_INTERVAL = 0.05
"""Seconds between two updates of an answer: faster than that is not seen, only computed."""

FOLLOW = (
    "const follow = () => {"
    "const thread = element.querySelector('[data-chat]');"
    "if (thread) window.carrel?.followChat(thread.dataset.chat);"
    "window.carrel?.followWriting(); };"
    "watch('value', follow);"
)
TO_LAST = "watch('value', () => window.carrel?.toLastQuestion());"
PRIVATE = '<p class="private">Nothing leaves this machine.</p>'


class ChatTab:
    """Builds the chat; ``wire`` connects it to the services and to the rail."""

    def __init__(self, services: Services, session: gr.State, guard: Guard, rail: Rail) -> None:
        self._services = services
        self._session = session
        self._guard = guard
        self._rail = rail
        with gr.Column(elem_id="chat-view", elem_classes="view"):
            with gr.Column(elem_id="reading"):
                self.past = gr.HTML("", elem_id="past", apply_default_css=False, js_on_load=TO_LAST)
                self.current = gr.HTML(
                    "",
                    elem_id="current",
                    apply_default_css=False,
                    js_on_load=FOLLOW + actions_script("retry"),
                )
            with gr.Column(elem_id="composer"):
                self._build_composer()

    def _build_composer(self) -> None:
        self.question = gr.Textbox(
            elem_id="question",
            show_label=False,
            label="Question",
            placeholder="Ask your documents…",
            lines=1,
            max_lines=8,
            autofocus=True,
            container=False,
        )
        with gr.Row(elem_id="composer-row"):
            self.scope = gr.Dropdown(
                elem_id="scope",
                label="Ask",
                show_label=False,
                container=False,
                filterable=False,
                min_width=0,
                scale=0,
            )
            self.model = gr.Dropdown(
                elem_id="model",
                label="Model",
                show_label=False,
                container=False,
                filterable=False,
                visible=False,
                min_width=0,
                scale=0,
            )
            self.send = gr.Button("Ask", elem_id="send-button", variant="primary", scale=0)
            self.stop = gr.Button("Stop", elem_id="stop-button", visible=False, scale=0)
        gr.HTML(PRIVATE, elem_id="privacy", apply_default_css=False, js_on_load=None)

    def wire(self) -> None:
        """Connect the events of the chat and of the rail's list of chats."""
        named: Inputs = {
            "question": self.question,
            "scope": self.scope,
            "model": self.model,
            "session": self._session,
        }
        rail = self._rail
        thread = [self.question, self.past, self.current, self.send, self.stop, rail.chats]
        outputs = [self._guard.notice, *thread]
        private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        gr.on(
            [self.question.submit, self.send.click],
            self._guard.stream(self.ask),
            inputs_kwargs=named,
            outputs=outputs,
            concurrency_limit=None,
            **private,
        )
        self.current.retry(
            self._guard.stream(self.retry),
            inputs_kwargs={key: named[key] for key in ("scope", "model", "session")},
            outputs=outputs,
            concurrency_limit=None,
            **private,
        )
        own: Inputs = {"session": self._session}
        # Not through the queue: stopping must not wait behind anything.
        self.stop.click(
            self._guard.once(self.stop_answer),
            inputs_kwargs=own,
            outputs=[self._guard.notice],
            queue=False,
            **private,
        )
        scoped: Inputs = {**own, "scope": self.scope}
        rail.new_chat.click(
            self._guard.once(self.new_chat),
            inputs_kwargs=scoped,
            outputs=outputs,
            queue=False,
            **private,
        )
        rail.chats.open_chat(
            self._guard.once(self.open_chat),
            inputs_kwargs=scoped,
            outputs=outputs,
            queue=False,
            **private,
        )
        rail.chats.delete_chat(
            self._guard.once(self.delete_chat),
            inputs_kwargs=scoped,
            outputs=outputs,
            queue=False,
            **private,
        )
        self.scope.input(
            self._guard.once(self.choose_scope),
            inputs_kwargs=scoped,
            outputs=[self._guard.notice, self.current],
            queue=False,
            **private,
        )

    async def ask(
        self, *, question: str, scope: str, model: str | None, session: Session
    ) -> AsyncGenerator[Updates]:
        """Answer a question, step by step on the page, and save both."""
        text = question.strip()
        if not text:
            return
        request = ChatRequest(
            messages=session.messages(text),
            principal=session.principal,
            model=model or None,
            sampling=sampling_of(self._services.settings),
            scope=scope_of(scope, self._services.settings),
        )
        session.stop_answering()
        exchange = Exchange(text, stage=Stage.WAITING)
        past = exchanges_html(session.exchanges)
        session.exchanges.append(exchange)
        running = Running(self._services.chat.answer(request))
        session.answering = running
        yield {self.past: past, self.question: "", **self._progress(session, exchange, busy=True)}
        listed = session.conversation_id
        async for _ in self._follow(running, exchange, session):
            # Another chat may have been opened meanwhile; this answer is then no longer shown.
            if session.answering is not running:
                continue
            updates = self._progress(session, exchange, busy=True)
            if listed != session.conversation_id:
                listed = session.conversation_id
                updates[self._rail.chats] = await self._chats(session)
            yield updates
        updates = {self._rail.chats: await self._chats(session)}
        if session.answering is running:
            session.answering = None
            updates |= self._progress(session, exchange, busy=False)
        yield updates

    async def retry(
        self, *, scope: str, model: str | None, session: Session
    ) -> AsyncGenerator[Updates]:
        """Ask the question again whose answer failed."""
        if not session.exchanges or session.exchanges[-1].error is None:
            return
        failed = session.exchanges.pop()
        async for update in self.ask(
            question=failed.question, scope=scope, model=model, session=session
        ):
            yield update

    async def _follow(
        self, running: Running[ChatEvent], exchange: Exchange, session: Session
    ) -> AsyncGenerator[None]:
        """Take in the events of an answer; whatever ends it, what there is of it is saved."""
        conversation_id = session.conversation_id
        try:
            async for events in running.batches(UPDATE_INTERVAL):
                for event in events:
                    exchange.apply(event)
                if exchange.text and conversation_id is None:
                    conversation_id = await self._start_chat(exchange, session, running)
                yield
        except Exception as error:  # noqa: BLE001 - boundary of the page: shown and logged
            exchange.fail(describe(error))
        finally:
            if exchange.error is None:
                exchange.stop()
            if exchange.text and conversation_id is not None:
                await self._save(conversation_id, exchange, session)

    async def _start_chat(
        self, exchange: Exchange, session: Session, running: Running[ChatEvent]
    ) -> str:
        history = self._services.history
        chat = await history.start(session.principal, exchange.question)
        if session.answering is running:
            session.conversation_id = chat.id
        return chat.id

    async def _save(self, conversation_id: str, exchange: Exchange, session: Session) -> None:
        model = exchange.finished.model if exchange.finished else None
        turns = [
            SavedTurn(Message(Role.USER, exchange.question)),
            SavedTurn(Message(Role.ASSISTANT, exchange.text), exchange.sources, model),
        ]
        await self._services.history.append(session.principal, conversation_id, turns)

    async def stop_answer(self, *, session: Session) -> Updates:
        """Stop the answer in work; what there is of it stays."""
        session.stop_answering()
        return {}

    async def new_chat(self, *, session: Session, scope: str) -> Updates:
        """Leave the chat for an empty one."""
        session.leave_chat()
        return {self.question: "", **await self.thread(session, scope)}

    async def open_chat(self, event: gr.EventData, *, session: Session, scope: str) -> Updates:
        """Show a saved chat, to be continued."""
        conversation_id = chosen(event)
        turns = await self._services.history.turns(session.principal, conversation_id)
        session.open_chat(conversation_id, turns)
        return await self.thread(session, scope)

    async def delete_chat(self, event: gr.EventData, *, session: Session, scope: str) -> Updates:
        """Delete a saved chat, and leave it if it is the open one."""
        conversation_id = chosen(event)
        if conversation_id == session.conversation_id:
            session.leave_chat()
        await self._services.history.delete(session.principal, conversation_id)
        return await self.thread(session, scope)

    async def choose_scope(self, *, session: Session, scope: str) -> Updates:
        """Fit the empty chat's hints to the collection that is asked."""
        if session.exchanges:
            return {}
        return {self.current: await self._welcome(session, scope)}

    async def thread(self, session: Session, scope: str) -> Updates:
        """Return the whole chat of the session anew, and the list of chats."""
        busy = session.answering is not None
        updates = {
            self.past: exchanges_html(session.exchanges[:-1]),
            self._rail.chats: await self._chats(session),
        }
        if session.exchanges:
            return updates | self._progress(session, session.exchanges[-1], busy=busy)
        return {
            **updates,
            self.current: await self._welcome(session, scope),
            **self._buttons(busy=False),
        }

    def _progress(self, session: Session, exchange: Exchange, *, busy: bool) -> Updates:
        thread = thread_html(exchange_html(exchange), session.conversation_id)
        return {self.current: thread, **self._buttons(busy=busy)}

    def _buttons(self, *, busy: bool) -> Updates:
        return {self.send: gr.Button(visible=not busy), self.stop: gr.Button(visible=busy)}

    async def _chats(self, session: Session) -> str:
        chats = await self._services.history.list(session.principal)
        return chats_html(chats, session.conversation_id)

    async def _welcome(self, session: Session, scope: str) -> str:
        if scope == LLM_MODE:
            return thread_html(welcome_html([], None), None)
        names = await ready_names(self._services, scope, session.principal)
        return thread_html(welcome_html(names, scope), None)
