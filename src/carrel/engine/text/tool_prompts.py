"""Messages and tools in the form that transformers documents for chat templates.

Format: https://huggingface.co/docs/transformers/chat_extras
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from carrel.core.chat import Message, Role
from carrel.core.function_tools import Tool
from carrel.engine.text.template_renderer import TemplateRefused, TemplateRenderer

PROBE = "carrel_probe"


def turns_of(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Return the template's form of the messages; calls have their arguments as objects."""
    names = {call.id: call.name for message in messages for call in message.tool_calls}
    return [_turn(message, names) for message in messages]


def _turn(message: Message, names: dict[str, str]) -> dict[str, Any]:
    turn: dict[str, Any] = {"role": str(message.role), "content": message.content}
    if message.role is Role.TOOL:
        turn["tool_call_id"] = message.tool_call_id
        turn["name"] = names.get(message.tool_call_id, "")
    if message.tool_calls:
        turn["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": json.loads(call.arguments)},
            }
            for call in message.tool_calls
        ]
    return turn


def described(tools: Sequence[Tool]) -> list[dict[str, Any]]:
    """Return the template's form of the tools."""
    return [
        {
            "type": "function",
            "function": {
                "name": each.name,
                "description": each.description,
                "parameters": dict(each.parameters),
            },
        }
        for each in tools
    ]


def takes_tools(renderer: TemplateRenderer) -> bool:
    """Whether a template renders tools; others ignore them silently."""
    probe = Tool(PROBE, PROBE, {"type": "object", "properties": {}})
    turns = [{"role": "user", "content": "question"}]
    try:
        return PROBE in renderer.render(turns, True, described([probe]))
    except TemplateRefused:
        return False
