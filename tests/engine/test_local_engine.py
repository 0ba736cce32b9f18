"""What engines of this process share, with a subclass that computes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import aclosing

import pytest

from carrel.core.chat import EngineEvent, Message, Role, SamplingParams, TextDelta
from carrel.core.errors import GenerationFailed
from carrel.engine.local_engine import Ended, Item, LocalEngine, LocalRequest
from carrel.engine.spec import LoadedModel

QUESTION = [Message(Role.USER, "Describe a library.")]


class SendingEngine(LocalEngine):
    """Sends given items to each request, and keeps what happened."""

    buffers_text = False

    def __init__(self, loaded: LoadedModel, items: Sequence[Item]) -> None:
        super().__init__(loaded, "sending", loaded.context_length)
        self.items = items
        self.requests: list[LocalRequest] = []
        self.given_up = 0

    def _submit(self, request: LocalRequest) -> Callable[[], None]:
        self.requests.append(request)
        for each in self.items:
            request.mailbox.send(each)
        return self._give_up

    def _give_up(self) -> None:
        self.given_up += 1


async def events_of(engine: SendingEngine, adapter: str | None = None) -> list[EngineEvent]:
    async with aclosing(engine.generate_with(adapter, QUESTION, SamplingParams(), "x")) as events:
        return [each async for each in events]


async def test_the_error_of_an_end_is_raised_and_the_request_given_up(tiny: LoadedModel) -> None:
    engine = SendingEngine(tiny, [TextDelta("text"), Ended(GenerationFailed("it broke"))])
    with pytest.raises(GenerationFailed, match="it broke"):
        await events_of(engine)
    assert engine.given_up == 1


async def test_an_answer_without_an_end_of_its_own_was_unloaded(tiny: LoadedModel) -> None:
    engine = SendingEngine(tiny, [TextDelta("text"), Ended(None)])
    with pytest.raises(GenerationFailed, match="Model tiny\\+poems was unloaded while it answered"):
        await events_of(engine, "tiny+poems")
    [request] = engine.requests
    assert (request.adapter, request.name, request.caller) == ("tiny+poems", "tiny+poems", "x")


async def test_a_request_is_given_up_where_its_reader_leaves(tiny: LoadedModel) -> None:
    engine = SendingEngine(tiny, [TextDelta("one"), TextDelta("two")])
    async with aclosing(engine.generate(QUESTION, SamplingParams())) as events:
        assert await anext(events) == TextDelta("one")
        assert engine.given_up == 0
    assert engine.given_up == 1
    assert engine.info.engine == "sending"
    assert engine.requests[0].name == tiny.name
