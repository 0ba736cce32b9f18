"""Converts the body of a chat request to core's request."""

from __future__ import annotations

from fastapi import Request

from carrel.core.access import Principal
from carrel.core.chat import (
    AnswerStyle,
    ChatRequest,
    JsonFormat,
    Message,
    Role,
    SamplingParams,
    Scope,
    ScopeMode,
)
from carrel.core.errors import InvalidRequest
from carrel.schemas.chat import (
    ChatBody,
    DocumentsBody,
    FormatBody,
    JsonSchemaFormat,
    MessageBody,
    TextFormat,
)
from carrel.schemas.files import document_id
from carrel.settings.document_settings import DocumentSettings
from carrel.settings.schema import LLM_MODE, GenerationSettings, Settings


def caller_of(principal: Principal, request: Request, user: str | None) -> str:
    """Return the caller: account, client address, and user name of the request.

    Programs use the name to tell their users apart.
    """
    address = request.client.host if request.client else ""
    return "\n".join((principal.account, address, user or ""))


def to_core(
    body: ChatBody, principal: Principal, settings: Settings, caller: str, model: str | None
) -> ChatRequest:
    """Return core's request; omitted fields come from the settings.

    Raises:
        InvalidRequest: ``LLM``, which means no documents, is combined with collections.
    """
    messages = tuple(to_message(each) for each in body.messages)
    begun = messages[-1] if body.continue_final_message else None
    return ChatRequest(
        messages=messages if begun is None else messages[:-1],
        principal=principal,
        model=model,
        sampling=_sampling(body, settings.generation),
        scope=_scope(body.documents, settings.documents),
        caller=caller,
        beginning=None if begun is None else begun.content,
    )


def to_message(body: MessageBody) -> Message:
    """Return the message; OpenAI's developer role is the system's."""
    role = Role.SYSTEM if body.role == "developer" else Role(body.role)
    calls = tuple(each.to_core() for each in body.tool_calls or ())
    return Message(role, body.content or "", tool_calls=calls, tool_call_id=body.tool_call_id or "")


def _sampling(body: ChatBody, defaults: GenerationSettings) -> SamplingParams:
    penalty = body.repetition_penalty
    return SamplingParams(
        max_new_tokens=body.token_limit or defaults.max_new_tokens,
        min_new_tokens=body.min_tokens or 0,
        temperature=defaults.temperature if body.temperature is None else body.temperature,
        top_p=defaults.top_p if body.top_p is None else body.top_p,
        top_k=body.top_k or 0,
        repetition_penalty=defaults.repetition_penalty if penalty is None else penalty,
        seed=body.seed,
        stop=tuple(body.stop),
        max_time=body.max_time,
        response_format=_format(body.response_format),
        top_logprobs=body.alternatives,
        tools=body.tool_use,
    )


def _format(body: FormatBody | None) -> JsonFormat | None:
    if body is None or isinstance(body, TextFormat):
        return None
    if isinstance(body, JsonSchemaFormat):
        return JsonFormat(body.json_schema.json_schema or {})
    return JsonFormat()


def _scope(body: DocumentsBody | None, defaults: DocumentSettings) -> Scope | None:
    if body is None or body.collections == [LLM_MODE]:
        return None
    if LLM_MODE in body.collections:
        raise InvalidRequest(f"'{LLM_MODE}' means no documents: it must be the only collection.")
    return Scope(
        collections=tuple(body.collections),
        document_ids=tuple(document_id(each) for each in body.ids),
        top_k=body.top_k or defaults.top_k,
        mode=ScopeMode(body.mode),
        style=AnswerStyle(body.answer_style or defaults.answer_style),
        filter=body.filter,
    )
