"""Function tools and tool calls, in OpenAI's shape.

Format: https://platform.openai.com/docs/guides/function-calling
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from carrel.core.function_tools import Tool, ToolCall, ToolUse
from carrel.schemas.body import ReplyBody, RequestBody, Text
from carrel.schemas.refused import refusal

MOST_TOOLS = 128
NAME = "^[a-zA-Z0-9_.-]{1,64}$"

ToolName = Annotated[Text, Field(pattern=NAME)]


def _function_alone(kind: Any) -> Any:
    if isinstance(kind, str) and kind != "function":
        raise refusal("Tools of type '{kind}' are not supported: send functions.", kind=kind[:100])
    return kind


FunctionType = Annotated[Literal["function"], BeforeValidator(_function_alone)]


class FunctionBody(RequestBody):
    """A function; without ``parameters`` it takes none.

    ``strict`` has no effect: a required call always conforms to the schema.
    """

    name: ToolName
    description: Text | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class ToolBody(RequestBody):
    """A tool that the model may call."""

    type: FunctionType
    function: FunctionBody

    def to_core(self) -> Tool:
        """Return core's tool."""
        none = {"type": "object", "properties": {}}
        return Tool(
            self.function.name, self.function.description or "", self.function.parameters or none
        )


class NamedFunction(RequestBody):
    """The name of the function to call."""

    name: ToolName


class NamedTool(RequestBody):
    """Forces a call of one tool."""

    type: FunctionType
    function: NamedFunction


ToolChoice = Literal["none", "auto", "required"] | NamedTool


def _object(arguments: str) -> str:
    try:
        given = json.loads(arguments or "{}")
    except (ValueError, RecursionError) as error:
        raise ValueError("the arguments of a call must be JSON, as text") from error
    if not isinstance(given, dict):
        raise ValueError("the arguments of a call must be a JSON object, as text")
    return arguments or "{}"


class CalledFunction(RequestBody):
    """The function of a call; ``arguments`` is a JSON object, as text."""

    name: ToolName
    arguments: Annotated[Text, AfterValidator(_object)]


class ToolCallBody(RequestBody):
    """A tool call of the assistant."""

    id: Text = Field(min_length=1, max_length=200)
    type: FunctionType = "function"
    function: CalledFunction

    def to_core(self) -> ToolCall:
        """Return core's call."""
        return ToolCall(self.id, self.function.name, self.function.arguments)

    @classmethod
    def of(cls, call: ToolCall) -> ToolCallBody:
        """Return the body of core's call."""
        return cls(id=call.id, function=CalledFunction(name=call.name, arguments=call.arguments))


class ToolCallDelta(ReplyBody):
    """A call in a stream; each is sent whole, in one chunk."""

    index: int
    id: str
    type: Literal["function"] = "function"
    function: CalledFunction

    @classmethod
    def of(cls, index: int, call: ToolCall) -> ToolCallDelta:
        """Return the body of core's call."""
        return cls(index=index, id=call.id, function=ToolCallBody.of(call).function)


def tool_use(tools: list[ToolBody], choice: ToolChoice | None, *, parallel: bool) -> ToolUse | None:
    """Return the tools that an answer may call, or None."""
    if not tools or choice == "none":
        return None
    named = choice.function.name if isinstance(choice, NamedTool) else None
    return ToolUse(
        tuple(each.to_core() for each in tools),
        required=named is not None or choice == "required",
        named=named,
        parallel=parallel,
    )
