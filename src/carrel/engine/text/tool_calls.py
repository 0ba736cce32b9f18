"""Parser of tool calls in a model's output.

Models write a call as JSON with the tool's name and its arguments, in one of two ways: between
tags, ``<tool_call>{"name": ..., "arguments": {...}}</tool_call>`` (Hermes, Qwen, SmolLM3), or as
the whole answer, one object (Llama 3.1 and later, with ``parameters``) or a list (Mistral, whose
mark ``[TOOL_CALLS]`` is a control token and no text). Both are accepted from every model. Anything
that does not call a tool of the request stays text.
"""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import AsyncGenerator, Collection, Iterator
from contextlib import aclosing
from dataclasses import replace
from json import JSONDecodeError, JSONDecoder
from typing import Any

from carrel.core.chat import EngineEvent, Finished, FinishReason, JsonFormat, TextDelta
from carrel.core.function_tools import ToolCall, ToolsCalled, ToolUse

OPENING, CLOSING = "<tool_call>", "</tool_call>"
ID_LENGTH = 9
"""The only length that Mistral's templates accept."""

_ID_CHARACTERS = string.ascii_letters + string.digits
_BETWEEN_CALLS = " \t\r\n;,"


def forced_format(use: ToolUse) -> JsonFormat | None:
    """Return the format of an answer that must be a call; None if it need not be.

    Such calls are the whole answer: that is parsed for all models, and a grammar can enforce the
    schema of the arguments.
    """
    if not use.required:
        return None
    calls = [
        {
            "type": "object",
            "properties": {"name": {"const": tool.name}, "arguments": dict(tool.parameters)},
            "required": ["name", "arguments"],
            "additionalProperties": False,
        }
        for tool in use.callable
    ]
    return JsonFormat(calls[0] if len(calls) == 1 else {"anyOf": calls})


class ToolCallReader:
    """Separates text from calls while it is being generated."""

    def __init__(self, names: Collection[str]) -> None:
        """``names`` are those of the tools that may be called."""
        self._names = frozenset(names)
        self._text = ""
        self._shown = 0

    def push(self, text: str) -> str:
        """Take more of the answer, and return what is certainly not part of a call."""
        self._text += text
        return self._show(self._sure())

    def end(self) -> tuple[str, tuple[ToolCall, ...]]:
        """Return the rest of the text, and the calls."""
        calls = self._calls()
        if not calls:
            return self._show(len(self._text)), ()
        before = self._text.find(OPENING)
        return self._show(max(before, 0)).rstrip(), calls

    def _show(self, end: int) -> str:
        shown = self._text[self._shown : end]
        self._shown = max(self._shown, end)
        return shown

    def _sure(self) -> int:
        """Return the length of the text that is certainly no call."""
        start = self._text.lstrip()
        if not start or start[0] in "{[":
            return 0
        at = self._text.find(OPENING)
        if at >= 0:
            return at
        for length in range(min(len(OPENING), len(self._text)), 0, -1):
            if self._text.endswith(OPENING[:length]):
                return len(self._text) - length
        return len(self._text)

    def _calls(self) -> tuple[ToolCall, ...]:
        """Return all calls; none if any of them names an unknown tool."""
        if OPENING in self._text:
            written = [block.partition(CLOSING)[0] for block in self._text.split(OPENING)[1:]]
        else:
            written = [self._text]
        try:
            found = [_call(each, self._names) for text in written for each in _values(text)]
        except ValueError:
            return ()
        return tuple(found)


def _values(text: str) -> Iterator[Any]:
    """Yield the JSON values of a text that contains nothing else, lists flattened.

    Raises:
        ValueError: it contains something else, or nothing.
    """
    decoder = JSONDecoder()
    at, text = 0, text.strip(_BETWEEN_CALLS)
    if not text:
        raise ValueError("no call")
    while at < len(text):
        try:
            value, at = decoder.raw_decode(text, at)
        except (JSONDecodeError, RecursionError) as error:
            raise ValueError("no JSON") from error
        yield from value if isinstance(value, list) else [value]
        while at < len(text) and text[at] in _BETWEEN_CALLS:
            at += 1


def _call(value: Any, names: Collection[str]) -> ToolCall:
    name = value.get("name") if isinstance(value, dict) else None
    if not isinstance(name, str) or name not in names:
        raise ValueError("no call of a tool")
    arguments = value.get("arguments", value.get("parameters"))
    if isinstance(arguments, str):
        arguments = json.loads(arguments)
    if arguments is None:
        arguments = {}
    if not isinstance(arguments, dict):
        raise ValueError("arguments are an object")
    return ToolCall(_new_id(), name, json.dumps(arguments, ensure_ascii=False))


def _new_id() -> str:
    return "".join(secrets.choice(_ID_CHARACTERS) for _ in range(ID_LENGTH))


def with_tool_calls(
    events: AsyncGenerator[EngineEvent], use: ToolUse | None
) -> AsyncGenerator[EngineEvent]:
    """Return the events of an answer with its calls separated from its text.

    Log-probabilities stay with the text that is shown, and those of a call are dropped with it.
    """
    return events if use is None else _separated(events, use)


async def _separated(
    events: AsyncGenerator[EngineEvent], use: ToolUse
) -> AsyncGenerator[EngineEvent]:
    reader = ToolCallReader([each.name for each in use.callable])
    async with aclosing(events):
        async for event in events:
            if isinstance(event, TextDelta):
                if shown := reader.push(event.text):
                    yield replace(event, text=shown)
            elif isinstance(event, Finished):
                text, calls = reader.end()
                if text:
                    yield TextDelta(text)
                if calls:
                    yield ToolsCalled(calls if use.parallel else calls[:1])
                    event = replace(event, reason=FinishReason.TOOL_CALLS)
                yield event
            else:
                yield event
