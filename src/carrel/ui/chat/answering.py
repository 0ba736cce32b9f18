"""Runs a question and saves its answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass

from carrel.core.chat import ChatEvent, ChatRequest, Message, Role, Stage
from carrel.core.conversations import BEGINNING, SavedTurn
from carrel.core.document_tasks import DocumentTask, TaskRequest
from carrel.core.errors import ConversationNotFound
from carrel.services.application import Services
from carrel.services.citations.attribution import cite_answer
from carrel.services.document_tasks import TaskEvent
from carrel.ui.state.answer_options import AnswerOptions, read_options
from carrel.ui.state.errors import describe
from carrel.ui.state.exchange import Exchange
from carrel.ui.state.running import Running
from carrel.ui.state.scope import ChosenScope
from carrel.ui.state.session import Session

UPDATE_INTERVAL = 0.05
"""Minimum seconds between two updates of an answer: faster ones are not visible."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its documents and model.

    ``task`` is set if it is a document task; its text is then only shown. ``options`` are the
    answer settings; None for the server's. ``versions`` are the ids of the earlier questions at
    this place of the chat.
    """

    text: str
    scope: ChosenScope
    model: str | None
    task: DocumentTask | None = None
    options: AnswerOptions | None = None
    versions: tuple[int, ...] = ()


@dataclass(slots=True)
class Answering:
    """A running question; ``exchange`` is its state."""

    services: Services
    session: Session
    exchange: Exchange
    running: Running[TaskEvent]
    _conversation_id: str | None = None
    _before: tuple[Exchange, ...] = ()

    @classmethod
    def begin(cls, services: Services, session: Session, question: Question) -> Answering:
        """Add the question to the session's chat; the model starts with ``steps``."""
        events = _events(services, session, question)
        session.stop_answering()
        before = tuple(session.exchanges)
        exchange = Exchange(
            question.text,
            stage=Stage.WAITING,
            task=question.task,
            versions=question.versions,
            model=question.model or None,
        )
        exchange.settled.clear()
        session.exchanges.append(exchange)
        session.answering = running = Running(events)
        return cls(services, session, exchange, running, session.conversation_id, before)

    @property
    def is_shown(self) -> bool:
        """Whether the session still shows this chat; another one may have been opened meanwhile."""
        return self.session.answering is self.running

    async def steps(self) -> AsyncGenerator[None]:
        """Yield after each update of the exchange. An error becomes the exchange's own.

        However it ends, even if this generator is closed, the partial answer is saved.
        """
        try:
            async with aclosing(self.running.batches(UPDATE_INTERVAL)) as batches:
                async for events in batches:
                    for event in events:
                        self.exchange.apply(event)
                    if self.exchange.is_answered and self._conversation_id is None:
                        await self._start_chat()
                    yield
        except Exception as error:  # noqa: BLE001 - boundary of the page: shown and logged
            self._fail(error)
        finally:
            if self.exchange.error is None:
                self.exchange.stop()
            await self._cite_stopped()
            await self._save()
            self.exchange.settled.set()

    def _fail(self, error: Exception) -> None:
        self.exchange.fail(describe(error))

    async def _cite_stopped(self) -> None:
        """Cite a partial answer that was stopped before its sources arrived."""
        exchange = self.exchange
        if exchange.stopped and exchange.text and exchange.found and not exchange.abstained:
            asked = exchange.search_query or exchange.question
            exchange.apply(
                await asyncio.to_thread(cite_answer, asked, exchange.text, exchange.found)
            )

    async def _start_chat(self) -> None:
        session = self.session
        chat = await self.services.history.start(session.principal, self.exchange.question)
        self._conversation_id = chat.id
        if self.is_shown:
            session.conversation_id = chat.id

    async def _save(self) -> None:
        exchange = self.exchange
        if not exchange.is_answered or self._conversation_id is None:
            return
        try:
            # The chat may have been deleted meanwhile; then there is nothing to save.
            with suppress(ConversationNotFound):
                await self._store(self._conversation_id)
        except Exception as error:  # noqa: BLE001 - boundary of the page: shown and logged
            exchange.fail(describe(error))

    async def _store(self, chat: str) -> None:
        exchange, history, principal = self.exchange, self.services.history, self.session.principal
        question = SavedTurn(Message(Role.USER, exchange.question), task=exchange.task)
        turns = [question, self._answer()]
        after = await self._after()
        exchange.turn, exchange.last = await history.append(principal, chat, turns, after)
        exchange.versions = tuple(await history.versions(principal, chat, exchange.turn))

    def _answer(self) -> SavedTurn:
        exchange = self.exchange
        return SavedTurn(
            Message(Role.ASSISTANT, exchange.text),
            exchange.sources,
            exchange.model,
            exchange.ending,
            exchange.error,
            exchange.abstained,
        )

    async def _after(self) -> int:
        """Return the id of the saved answer that this question follows.

        An answer that was stopped by this question may still be being saved.
        """
        if self._before:
            await self._before[-1].settled.wait()
        return next((each.last for each in reversed(self._before) if each.last), BEGINNING)


def _events(
    services: Services, session: Session, question: Question
) -> AsyncGenerator[ChatEvent] | AsyncGenerator[TaskEvent]:
    options = question.options or read_options(services.settings, {})
    if question.task is not None:
        return services.tasks.run(
            TaskRequest(
                question.task,
                session.principal,
                question.model or None,
                options.sampling.max_new_tokens,
                session.caller,
            )
        )
    return services.chat.answer(
        ChatRequest(
            messages=options.led(session.messages(question.text)),
            principal=session.principal,
            model=question.model or None,
            sampling=options.sampling,
            scope=options.scoped(question.scope.asked(services.settings)),
            caller=session.caller,
        )
    )
