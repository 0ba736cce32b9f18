"""Functions that a model may ask its caller to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Tool:
    """A function of the caller's; ``parameters`` is the JSON Schema of its arguments."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolUse:
    """The tools of a request.

    ``required`` has the answer be a call: of any of them, or of the one that is ``named``. Without
    ``parallel`` it makes one call at most.
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
    """What the model asks to be run; ``arguments`` is a JSON object, as text."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolsCalled:
    """The answer ends with calls instead of words; sent once, after what text there is."""

    calls: tuple[ToolCall, ...]
