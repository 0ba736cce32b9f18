"""Functions that a model may call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Tool:
    """A function of the client; ``parameters`` is the JSON Schema of its arguments."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolUse:
    """The tools of a request.

    ``required`` forces a tool call: any of them, or the one that is ``named``. Without
    ``parallel`` the answer has at most one call.
    """

    tools: tuple[Tool, ...]
    required: bool = False
    named: str | None = None
    parallel: bool = True

    @property
    def callable(self) -> tuple[Tool, ...]:
        """The tools that the answer may call."""
        return tuple(each for each in self.tools if self.named in (None, each.name))


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool call of the model; ``arguments`` is a JSON object, as text."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolsCalled:
    """The answer ends with tool calls; sent once, after the text, if any."""

    calls: tuple[ToolCall, ...]
