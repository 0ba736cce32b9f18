"""Text completions without a chat template, complete and streamed."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from carrel.api.deps import ApiState, Caller
from carrel.api.middleware.connection import while_connected
from carrel.api.streaming.chat_request import caller_of
from carrel.api.streaming.sse import EventStream
from carrel.api.streaming.text_completing import TextCompleting
from carrel.core.chat import SamplingParams
from carrel.schemas.text_completions import USUAL_LENGTH, TextCompletion, TextCompletionBody
from carrel.services.text_completions import TextCompletionService, TextRequest
from carrel.settings.schema import GenerationSettings

router = APIRouter()


@router.post("/v1/completions", response_model=TextCompletion)
async def create_text_completion(
    body: TextCompletionBody, request: Request, api: ApiState, caller: Caller
) -> Response:
    """Continue the prompts."""
    asked = TextRequest(
        prompts=body.prompt,
        sampling=_sampling(body, api.services.settings.generation),
        continuations=body.continuations,
        model=body.model,
        caller=caller_of(caller, request, body.user),
    )
    completing = TextCompleting(
        TextCompletionService(api.services.models),
        asked,
        api.metrics,
        api.services.models.get(body.model).info.name,
        bool(body.echo),
    )
    if body.stream:
        events = completing.stream(include_usage=body.include_usage)
        return EventStream(events, api.errors, api.closing)
    completion = await while_connected(request.receive, api.closing, completing.whole())
    return JSONResponse(completion.model_dump(mode="json"))


def _sampling(body: TextCompletionBody, defaults: GenerationSettings) -> SamplingParams:
    penalty = body.repetition_penalty
    return SamplingParams(
        max_new_tokens=body.max_tokens or USUAL_LENGTH,
        min_new_tokens=body.min_tokens or 0,
        temperature=defaults.temperature if body.temperature is None else body.temperature,
        top_p=defaults.top_p if body.top_p is None else body.top_p,
        top_k=body.top_k or 0,
        repetition_penalty=defaults.repetition_penalty if penalty is None else penalty,
        seed=body.seed,
        stop=tuple(body.stop),
        max_time=body.max_time,
        top_logprobs=body.logprobs,
    )
