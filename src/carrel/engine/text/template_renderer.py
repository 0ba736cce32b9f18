"""Runs a chat template in a sandboxed process."""

from __future__ import annotations

import os
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

from carrel.core.processes.child import AnswerLate, ChildProcess, ProcessEnded, program_of
from carrel.core.processes.frames import BrokenFrame, FrameTooLong

PROGRAM = program_of("carrel.engine.text.template_process")

LATE_SECONDS = 60.0
"""How much later than by its own clock a process is ended; a busy machine starts it slowly."""


@dataclass(frozen=True, slots=True)
class TemplateLimits:
    """Limits of rendering one prompt; ``bytes`` counts the whole process, about 40 MB idle."""

    seconds: float = 5.0
    bytes: int = 512 * 2**20


class TemplateRefused(Exception):
    """The template is broken, rejects the messages or exceeds its limits; the message says it."""


class TemplateRenderer:
    """One Jinja chat template, with the environment of transformers.

    The process starts at the first use, ends with this object, and is restarted after a template
    had to be stopped. Thread-safe, one call at a time.
    """

    def __init__(
        self,
        template: str,
        constants: Mapping[str, str],
        limits: TemplateLimits = TemplateLimits(),
    ) -> None:
        self._first = {
            "template": template,
            "constants": dict(constants),
            "seconds": limits.seconds,
            "bytes": limits.bytes,
        }
        self._limits = limits
        self._lock = Lock()
        self._process: ChildProcess | None = None
        self._end: weakref.finalize[Any, Any] | None = None

    def check(self) -> None:
        """Compile the template.

        Raises:
            TemplateRefused: it does not compile; the message names the line.
        """
        with self._lock:
            self._running()

    def render(
        self,
        messages: Sequence[Mapping[str, Any]],
        add_generation_prompt: bool,
        tools: Sequence[Mapping[str, Any]] = (),
    ) -> str:
        """Return the rendered messages, with tools if the template supports them.

        Raises:
            TemplateRefused: see there.
        """
        seen: dict[str, Any] = {
            "messages": list(messages),
            "add_generation_prompt": add_generation_prompt,
        }
        if tools:
            seen["tools"] = list(tools)
        with self._lock:
            return str(self._asked(self._running(), seen)["text"])

    def close(self) -> None:
        """Stop the process; the next use restarts it."""
        with self._lock:
            self._stop()

    def _running(self) -> ChildProcess:
        if self._process is not None and self._process.lives:
            return self._process
        self._stop()
        # Windows starts no process without some of its variables.
        process = ChildProcess(PROGRAM, environment={} if os.name == "posix" else None)
        self._end = weakref.finalize(self, process.end)
        try:
            self._asked(process, self._first)
        except TemplateRefused:
            self._stop()
            raise
        self._process = process
        return process

    def _asked(self, process: ChildProcess, message: Mapping[str, Any]) -> dict[str, Any]:
        try:
            process.send(message)
            reply = process.answer(self._limits.seconds + LATE_SECONDS)
        except FrameTooLong:
            raise TemplateRefused("it cannot render messages of this length") from None
        except (AnswerLate, ProcessEnded, BrokenFrame):
            self._stop()
            raise TemplateRefused(
                f"it took longer than {self._limits.seconds:g} seconds or too much memory"
            ) from None
        if "error" in reply:
            raise TemplateRefused(" ".join(reply["error"].split()))
        return reply

    def _stop(self) -> None:
        if self._end is not None:
            self._end()
        self._process = None
