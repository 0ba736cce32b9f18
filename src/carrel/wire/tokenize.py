"""How long a conversation is for a model, in vLLM's shape."""

from __future__ import annotations

from pydantic import Field

from carrel.wire.body import ReplyBody, RequestBody, Text
from carrel.wire.chat import MessageBody


class TokenizeBody(RequestBody):
    """The messages of a chat completion, and the model that would answer them."""

    messages: list[MessageBody] = Field(min_length=1)
    model: Text | None = None


class TokenCount(ReplyBody):
    """``count`` is the prompt's length in tokens, ``max_model_len`` the model's context length."""

    count: int
    max_model_len: int
