"""Chat completions, with and without documents, complete and streamed."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from carrel.api.deps import ApiState, Caller
from carrel.api.middleware.connection import while_connected
from carrel.api.streaming.answering import Answering
from carrel.api.streaming.chat_request import caller_of, to_core
from carrel.api.streaming.several_answers import answers, stream, whole
from carrel.api.streaming.sse import EventStream
from carrel.schemas.chat import ChatBody
from carrel.services.models import chosen_model

router = APIRouter()


@router.post("/v1/chat/completions")
async def create_completion(
    body: ChatBody, request: Request, api: ApiState, caller: Caller
) -> Response:
    """Answer the last message, from documents if the body names some."""
    services = api.services
    asking = caller_of(caller, request, body.user or body.safety_identifier)
    chosen = chosen_model(services.models, body.model)
    asked = to_core(body, caller, services.settings, asking, chosen)
    model = services.models.get(chosen).info.name
    first = Answering(services.chat, asked, api.metrics, model)
    answering = answers(first, body.n or 1)
    if body.stream:
        events = stream(answering, include_usage=body.include_usage)
        return EventStream(events, api.errors, api.closing)
    completion = await while_connected(request.receive, api.closing, whole(answering))
    return JSONResponse(completion.model_dump(mode="json"))
