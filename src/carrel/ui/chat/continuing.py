"""Continues an answer that was cut off or stopped."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, fields, replace

from carrel.core.chat import ChatRequest, Message, ModelInfo, Role
from carrel.core.errors import InvalidRequest
from carrel.core.models import EnginePool
from carrel.services.application import Services
from carrel.services.document_tasks import TaskEvent
from carrel.ui.chat.answering import Answering
from carrel.ui.state.answer_options import AnswerOptions
from carrel.ui.state.exchange import Exchange
from carrel.ui.state.running import Running
from carrel.ui.state.scope import ChosenScope
from carrel.ui.state.session import Session, spoken


def writer(models: EnginePool, exchange: Exchange) -> ModelInfo | None:
    """Return the model to continue an answer: the one that wrote it, or the default one."""
    ready = models.models()
    own = [each for each in ready if each.name == exchange.model]
    return next(iter([*own, *ready]), None)


def can_continue(models: EnginePool, exchange: Exchange) -> bool:
    """Whether an answer is incomplete and a model can continue it."""
    if exchange.task is not None:
        return False
    model = writer(models, exchange)
    return exchange.is_cut and exchange.last is not None and model is not None and model.continues


@dataclass(slots=True)
class Continuing(Answering):
    """The last answer of a chat while it is being continued.

    ``refused`` is why it cannot be continued; the answer is then unchanged.
    """

    refused: Exception | None = None
    _before_it: Exchange = field(default_factory=lambda: Exchange(""))

    @classmethod
    def of_last(cls, services: Services, session: Session, options: AnswerOptions) -> Continuing:
        """Continue the last answer of the session's chat; the model starts with ``steps``.

        The model gets the original passages of the answer, under the same numbers.

        Raises:
            InvalidRequest: that answer is finished, or no model can continue it.
        """
        exchange = session.exchanges[-1]
        model = writer(services.models, exchange)
        if not can_continue(services.models, exchange) or model is None:
            raise InvalidRequest("This answer cannot be continued: ask the question again.")
        before_it = copy.copy(exchange)
        exchange.resume()
        question = Message(Role.USER, exchange.question)
        scope = ChosenScope(tuple(dict.fromkeys(each.collection for each in exchange.sources)))
        request = ChatRequest(
            messages=options.led((*spoken(session.exchanges[:-1]), question)),
            principal=session.principal,
            model=model.name,
            sampling=options.sampling,
            scope=options.scoped(scope.asked(services.settings)),
            caller=session.caller,
            beginning=exchange.text,
            passages=exchange.found,
        )
        session.answering = running = Running[TaskEvent](services.chat.answer(request))
        continuing = cls(services, session, exchange, running, session.conversation_id)
        continuing._before_it = before_it
        return continuing

    def _fail(self, error: Exception) -> None:
        if self._has_more:
            Answering._fail(self, error)
        else:
            self.refused = error

    async def _save(self) -> None:
        exchange = self.exchange
        if self._has_more or exchange.finished is not None:
            await Answering._save(self)
            return
        for each in fields(Exchange):
            if each.name != "settled":
                setattr(exchange, each.name, getattr(self._before_it, each.name))

    async def _store(self, chat: str) -> None:
        turn = replace(self._answer(), id=self.exchange.last or 0)
        await self.services.history.rewrite(self.session.principal, chat, turn)

    @property
    def _has_more(self) -> bool:
        return len(self.exchange.text) > len(self._before_it.text.rstrip("\ufffd"))
