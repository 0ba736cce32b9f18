"""Runs a chat template in a sandboxed process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

SCRIPT = Path(__file__).with_name("template_process.py")


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
        self._process: subprocess.Popen[str] | None = None
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

    def _running(self) -> subprocess.Popen[str]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._stop()
        # Isolated: neither the environment nor the folder of the script changes its imports.
        process = subprocess.Popen(
            [sys.executable, "-I", str(SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="ascii",
            # Windows starts no process without some of its variables.
            env={} if os.name == "posix" else None,
        )
        self._end = weakref.finalize(self, _end, process)
        try:
            self._asked(process, self._first)
        except TemplateRefused:
            self._stop()
            raise
        self._process = process
        return process

    def _asked(self, process: subprocess.Popen[str], line: Mapping[str, Any]) -> dict[str, Any]:
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(json.dumps(line) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            self._stop()
            raise TemplateRefused(
                f"it took longer than {self._limits.seconds:g} seconds or too much memory"
            )
        reply: dict[str, Any] = json.loads(answer)
        if "error" in reply:
            raise TemplateRefused(" ".join(reply["error"].split()))
        return reply

    def _stop(self) -> None:
        if self._end is not None:
            self._end()
        self._process = None


def _end(process: subprocess.Popen[str]) -> None:
    """Stop the process and close its pipes."""
    process.kill()
    process.communicate()
