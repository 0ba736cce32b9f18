"""Summaries and extractions of documents, complete and streamed."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from carrel.api.deps import ApiState, Caller
from carrel.api.middleware.connection import while_connected
from carrel.api.streaming.chat_request import caller_of
from carrel.api.streaming.sse import DONE, EventStream, event
from carrel.core.access import Principal
from carrel.core.chat import TextDelta
from carrel.core.summaries import (
    Extracted,
    ExtractionEvent,
    SummarizationProgress,
    SummarizationRequest,
    Summarized,
    SummaryEvent,
)
from carrel.schemas.summaries import (
    ExtractionBody,
    SummarizationBody,
    SummarizationEventBody,
    SummarizationProgressBody,
    SummaryBody,
)

router = APIRouter()

Events = AsyncGenerator[SummaryEvent] | AsyncGenerator[ExtractionEvent]


@router.post("/v1/collections/{name}/summarize")
async def summarize(
    name: str, body: SummarizationBody, request: Request, api: ApiState, caller: Caller
) -> Response:
    """Summarise documents of a collection."""
    events = api.services.summaries.summarize(_asked(name, body, request, caller))
    if body.stream:
        return EventStream(_events(events), api.errors, api.closing)
    return await while_connected(request.receive, api.closing, _whole(events))


@router.post("/v1/collections/{name}/extract")
async def extract(
    name: str, body: SummarizationBody, request: Request, api: ApiState, caller: Caller
) -> Response:
    """Extract facts from documents of a collection, each with a citation."""
    events = api.services.summaries.extract(_asked(name, body, request, caller))
    if body.stream:
        return EventStream(_events(events), api.errors, api.closing)
    return await while_connected(request.receive, api.closing, _whole(events))


def _asked(
    name: str, body: SummarizationBody, request: Request, caller: Principal
) -> SummarizationRequest:
    return SummarizationRequest(
        (name,),
        caller,
        tuple(body.documents),
        body.focus,
        body.model,
        body.max_tokens,
        caller_of(caller, request, "summary"),
    )


async def _whole(events: Events) -> Response:
    last: SummarizationProgress | TextDelta | Summarized | Extracted | None = None
    async with aclosing(events):
        async for each in events:
            last = each
    if isinstance(last, Summarized):
        return JSONResponse(SummaryBody.of(last).model_dump(mode="json"))
    assert isinstance(last, Extracted), "a summary that does not fail ends with its result"
    return JSONResponse(ExtractionBody.of(last).model_dump(mode="json"))


async def _events(events: Events) -> AsyncGenerator[bytes]:
    async with aclosing(events):
        async for each in events:
            yield event(_body(each).model_dump_json(exclude_unset=True))
    yield DONE


def _body(each: SummaryEvent | ExtractionEvent) -> SummarizationEventBody:
    match each:
        case SummarizationProgress():
            return SummarizationEventBody(progress=SummarizationProgressBody.of(each))
        case TextDelta(text):
            return SummarizationEventBody(delta=text)
        case Summarized():
            return SummarizationEventBody(summary=SummaryBody.of(each))
        case Extracted():
            return SummarizationEventBody(extraction=ExtractionBody.of(each))
