"""Token counts of prompts."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter

from carrel.api.deps import ApiState
from carrel.api.streaming.chat_request import to_message
from carrel.schemas.tokenize import TokenCount, TokenizeBody

router = APIRouter()


@router.post("/v1/tokenize")
async def count_tokens(body: TokenizeBody, api: ApiState) -> TokenCount:
    """Return the number of tokens of the messages as a prompt of the model."""
    engine = api.services.models.get(body.model)
    messages = [to_message(each) for each in body.messages]
    if body.continue_final_message:
        messages[-1] = replace(messages[-1], unfinished=True)
    count = await engine.count_tokens(messages)
    return TokenCount(count=count, max_model_len=engine.info.context_length)
