"""One chat request to several models at once, complete and streamed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from carrel.api.deps import Api, ApiState, Caller
from carrel.api.middleware.connection import while_connected
from carrel.api.streaming.answering import Answering
from carrel.api.streaming.chat_request import caller_of, to_core
from carrel.api.streaming.sse import DONE, EventStream, event
from carrel.core.access import Principal
from carrel.core.errors import CarrelError
from carrel.schemas.compare import CompareBody, ComparedBody, ComparedError, ComparisonBody
from carrel.schemas.completions import ChunkBody, UsageBody
from carrel.services.merging import merged
from carrel.services.models import chosen_model

router = APIRouter()


@router.post("/v1/compare")
async def compare(body: CompareBody, request: Request, api: ApiState, caller: Caller) -> Response:
    """Let several models answer the last message; a failed one does not affect the others."""
    asking = caller_of(caller, request, body.user or body.safety_identifier)
    contenders = _contenders(body, api, caller, asking)
    if body.stream:
        events = _events(contenders, api, body.include_usage)
        return EventStream(events, api.errors, api.closing)
    compared = await while_connected(request.receive, api.closing, _whole(contenders, api))
    return JSONResponse(compared.model_dump(mode="json"))


@dataclass(frozen=True, slots=True)
class _Contender:
    """A model that answers, by its name."""

    name: str
    answering: Answering


def _contenders(body: CompareBody, api: Api, caller: Principal, asking: str) -> list[_Contender]:
    services = api.services
    contenders = []
    for index, each in enumerate(body.requests()):
        name = services.models.get(chosen_model(services.models, each.model)).info.name
        # Each is its own caller: as one caller's they would be queued behind each other.
        asked = to_core(each, caller, services.settings, f"{asking}\n{index}", name)
        answering = Answering(services.chat, asked, api.metrics, name, index)
        contenders.append(_Contender(name, answering))
    return contenders


async def _whole(contenders: Sequence[_Contender], api: Api) -> ComparisonBody:
    async def result(index: int, contender: _Contender) -> ComparedBody:
        try:
            completion = await contender.answering.whole()
        except CarrelError as error:
            problem = api.errors.of(error).body.error
            return ComparedBody(index=index, model=contender.name, error=problem)
        return ComparedBody(index=index, model=contender.name, completion=completion)

    asked = (result(index, each) for index, each in enumerate(contenders))
    return ComparisonBody(results=await asyncio.gather(*asked))


async def _events(
    contenders: Sequence[_Contender], api: Api, include_usage: bool
) -> AsyncGenerator[bytes]:
    streams = [_chunks(each, api, include_usage) for each in contenders]
    async with aclosing(merged(streams)) as events:
        async for each in events:
            yield event(each.event.model_dump_json())
    yield DONE


async def _chunks(
    contender: _Contender, api: Api, include_usage: bool
) -> AsyncGenerator[ChunkBody | ComparedError]:
    answering = contender.answering
    try:
        async with aclosing(answering.chunks()) as chunks:
            async for chunk in chunks:
                if include_usage and chunk.choices[0].finish_reason is not None:
                    usage = UsageBody.of(answering.usage)
                    yield chunk.model_copy(update={"usage": usage})
                else:
                    yield chunk
    except CarrelError as error:
        problem = api.errors.of(error).body.error
        yield ComparedError(index=answering.index, model=contender.name, error=problem)
