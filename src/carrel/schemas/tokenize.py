"""Tokenized length of a conversation, in vLLM's shape."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from carrel.schemas.body import ReplyBody, RequestBody, Text
from carrel.schemas.chat import Messages, require_unfinished


class TokenizeBody(RequestBody):
    """The messages of a chat completion, and the model that would process them."""

    messages: Messages
    model: Text | None = None
    continue_final_message: bool | None = None
    add_generation_prompt: bool | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        require_unfinished(self.messages, self.continue_final_message, self.add_generation_prompt)
        return self


class TokenCount(ReplyBody):
    """``count`` is the prompt's length in tokens, ``max_model_len`` the model's context length."""

    count: int
    max_model_len: int
