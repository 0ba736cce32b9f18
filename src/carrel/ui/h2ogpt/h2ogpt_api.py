"""The two endpoints that h2oGPT's clients call through ``gradio_client``."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import gradio as gr
from gradio.events import api

from carrel.core.chat import ChatRequest, TextDelta
from carrel.core.errors import CarrelError
from carrel.core.summaries import Extracted, SummarizationRequest, Summarized
from carrel.schemas.completions import FINISH, UsageBody
from carrel.schemas.h2ogpt import Action, H2ogptBody, read_nochat
from carrel.schemas.sources import SourceBody
from carrel.schemas.summaries import ExtractedItemBody, SummaryPartBody
from carrel.services.application import Services
from carrel.ui.h2ogpt.h2ogpt_request import check_key, to_chat, to_summary
from carrel.ui.state.errors import describe
from carrel.ui.state.exchange import Exchange
from carrel.ui.state.running import Running

NAMES = ("submit_nochat_api", "submit_nochat_plain_api")
UPDATE_INTERVAL = 0.05
"""Seconds between two results of a stream, each of which has the whole text so far."""


class H2ogptApi:
    """Takes and returns a dict in a string; created inside the page's ``gr.Blocks``."""

    def __init__(self, services: Services) -> None:
        self._services = services
        for name in NAMES:
            api(
                self.answer,
                api_name=name,
                api_description="A dict of h2oGPT's keys in a string; returns another one.",
                concurrency_limit=None,
            )

    async def answer(self, inputs: str, request: gr.Request) -> AsyncGenerator[str]:
        """Yield the reply: once, or as it grows if ``stream_output`` is set.

        Raises:
            gr.Error: whatever goes wrong, with its stable code before its message.
        """
        caller = f"gradio_client {request.client.host if request.client else ''}"
        try:
            # Two million characters take seconds.
            body = await asyncio.to_thread(read_nochat, inputs)
            check_key(body, self._services.settings)
            replies = await self._replies(body, caller)
            last = None
            async with aclosing(replies):
                async for last in replies:
                    if body.stream_output:
                        yield repr(last)
            if not body.stream_output:
                yield repr(last)
        except Exception as error:  # noqa: BLE001 - boundary of the page: reported and logged
            raise _reported(error) from None

    async def _replies(self, body: H2ogptBody, caller: str) -> AsyncGenerator[dict[str, Any]]:
        if body.langchain_action is Action.QUERY:
            return self._chat(await to_chat(body, self._services, caller))
        summary = await to_summary(body, self._services, caller)
        return self._summary(summary, body.langchain_action)

    async def _chat(self, asked: ChatRequest) -> AsyncGenerator[dict[str, Any]]:
        exchange = Exchange(asked.messages[-1].content)
        running = Running(self._services.chat.answer(asked))
        async with aclosing(running.batches(UPDATE_INTERVAL)) as batches:
            async for events in batches:
                for event in events:
                    exchange.apply(event)
                if exchange.text and exchange.finished is None:
                    yield _reply(exchange.text)
        yield _answered(exchange)

    async def _summary(
        self, asked: SummarizationRequest, action: Action
    ) -> AsyncGenerator[dict[str, Any]]:
        summaries = self._services.summaries
        summing = action is Action.SUMMARIZE
        running = Running[Any](summaries.summarize(asked) if summing else summaries.extract(asked))
        text = ""
        async with aclosing(running.batches(UPDATE_INTERVAL)) as batches:
            async for events in batches:
                for event in events:
                    match event:
                        case TextDelta(delta):
                            text += delta
                        case Summarized():
                            parts = [SummaryPartBody.of(each).model_dump() for each in event.parts]
                            yield _reply(
                                event.text,
                                parts,
                                model=event.model,
                                style=event.style.value,
                                finish_reason="length" if event.cut else "stop",
                            )
                            return
                        case Extracted():
                            items = [
                                ExtractedItemBody.of(each).model_dump() for each in event.items
                            ]
                            yield _reply(
                                "\n".join(f"- {each.text}" for each in event.items),
                                items,
                                model=event.model,
                                style=event.style.value,
                                unsupported=event.unsupported,
                            )
                            return
                if text:
                    yield _reply(text)


def _reported(error: Exception) -> gr.Error:
    code = error.code if isinstance(error, CarrelError) else "internal_error"
    return gr.Error(f"{code}: {describe(error)}", print_exception=False)


def _reply(
    response: str, sources: list[dict[str, Any]] | None = None, **saved: Any
) -> dict[str, Any]:
    return {"response": response, "sources": sources or [], "save_dict": saved}


def _answered(exchange: Exchange) -> dict[str, Any]:
    finished = exchange.finished
    assert finished is not None, "an answer that does not fail ends with Finished"
    scored = exchange.scored
    return _reply(
        exchange.text,
        [SourceBody.of(each).model_dump() for each in exchange.sources],
        model=finished.model,
        finish_reason=FINISH[finished.reason],
        usage=UsageBody.of(finished.usage).model_dump(),
        search_query=exchange.search_query,
        abstained=exchange.abstained,
        dropped_turns=finished.dropped_turns,
        score=scored.score if scored else None,
    )
