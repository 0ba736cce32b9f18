"""Converts questions of a notebook to core's messages and sampling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from pydantic import TypeAdapter, ValidationError

from carrel.core.chat import Message, Role, SamplingParams
from carrel.core.errors import InvalidRequest, UnknownSetting
from carrel.settings.names import nearest_hint

Question = str | Sequence[Message | Mapping[str, str]]
"""A question, or a conversation that ends with one; a mapping has ``role`` and ``content``."""

ROLES = (Role.SYSTEM, Role.USER, Role.ASSISTANT)
SAMPLING = TypeAdapter(SamplingParams)
NAMES = [field.name for field in fields(SamplingParams)]


def messages_of(question: Question, system_prompt: str) -> list[Message]:
    """Return the question as messages, after the system prompt unless it has its own.

    Raises:
        InvalidRequest: there is no message, or an invalid one.
    """
    given = [Message(Role.USER, question)] if isinstance(question, str) else list(question)
    messages = [each if isinstance(each, Message) else _message(each) for each in given]
    if not messages:
        raise InvalidRequest("The list of messages is empty: send at least one message.")
    if system_prompt and messages[0].role is not Role.SYSTEM:
        messages.insert(0, Message(Role.SYSTEM, system_prompt))
    return messages


def _message(given: Any) -> Message:
    roles = ", ".join(ROLES)
    if (
        not isinstance(given, Mapping)
        or given.keys() != {"role", "content"}
        or given["role"] not in ROLES
        or not isinstance(given["content"], str)
    ):
        raise InvalidRequest(
            f"{given!r} is no message: give a text, or {{'role': ..., 'content': '...'}} with one "
            f"of the roles {roles}."
        )
    return Message(Role(given["role"]), given["content"])


def sampling_of(defaults: SamplingParams, options: Mapping[str, Any]) -> SamplingParams:
    """Return the defaults, updated with the options of this question.

    Raises:
        UnknownSetting: an option that does not exist, with the nearest one that does.
        InvalidRequest: a value of another type.
    """
    for name in options:
        if name not in NAMES:
            raise UnknownSetting(f"A question has no option {name}.{nearest_hint(name, NAMES)}")
    given = dict(options)
    if isinstance(given.get("stop"), str):
        given["stop"] = (given["stop"],)
    try:
        return SAMPLING.validate_python(asdict(defaults) | given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise InvalidRequest(
            f"{first['loc'][0]} = {first['input']!r} is not valid: {first['msg']}."
        ) from error
