"""Renders one chat template in a separate process: the program that ``TemplateRenderer`` starts.

A chat template is a program that comes with a model. Jinja's sandbox protects Python's objects,
but does not limit time or memory; this process does. Of Carrel it imports
``carrel.core.processes.channel`` alone, and starts in 0.2 s.

It answers messages (``carrel.core.processes``). The first one is ``{"template", "constants",
"seconds", "bytes"}`` and is answered with ``{}`` once the template is compiled; each further one
holds the template's variables and is answered with ``{"text"}``. Errors are answered with
``{"error"}``. Work that takes longer than ``seconds`` ends the process.
"""

from __future__ import annotations

import datetime
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import jinja2
import jinja2.ext
import jinja2.nodes
import jinja2.parser
import jinja2.utils
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from carrel.core.processes.channel import Channel, limit_memory
from carrel.core.processes.frames import FrameTooLong, encode_frame
from carrel.core.runtime.system_modules import system_module

# Windows has none: the time alone is bounded there.
_resource = system_module("resource")


class Generation(jinja2.ext.Extension):
    """Replaces ``{% generation %}`` blocks, which mark training text, by their body."""

    tags = {"generation"}  # noqa: RUF012  jinja2 declares it so

    def parse(self, parser: jinja2.parser.Parser) -> jinja2.nodes.Node:
        """Return the body of the block."""
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return jinja2.nodes.Scope(body, lineno=line)


class Dictionary:
    """Replaces ``dict``, without its attributes."""

    def __call__(self, *args: Any, **fields: Any) -> dict[Any, Any]:
        """Return a new dictionary."""
        return dict(*args, **fields)

    def fromkeys(self, keys: Any, value: Any = None) -> dict[Any, Any]:
        """Return a dictionary of one value."""
        return dict.fromkeys(keys, value)


class Namespace(jinja2.utils.Namespace):
    """A namespace without the underscored names that lead to Python's internals."""

    def __init__(*given: Any, **fields: Any) -> None:
        # No parameter is called self, so that a template may use that name for a field.
        attributes = dict(*given[1:], **fields)
        for name in attributes:
            refuse_underscore(name)
        jinja2.utils.Namespace.__init__(given[0], attributes)

    def __setitem__(self, name: str, value: Any) -> None:
        refuse_underscore(name)
        super().__setitem__(name, value)


def refuse_underscore(name: object) -> None:
    """Raise SecurityError for a name that starts with an underscore."""
    if isinstance(name, str) and name.startswith("_"):
        raise SecurityError(f"a namespace takes no name like {name!r}")


def raise_exception(message: str) -> None:
    """Let a template reject the messages."""
    raise jinja2.TemplateError(message)


def write_json(value: Any, ensure_ascii: bool = False, **options: Any) -> str:
    """Write JSON without jinja2's escapes for HTML."""
    return json.dumps(value, ensure_ascii=ensure_ascii, **options)


def time_now(form: str) -> str:
    """Return the time as the template wants it written."""
    return datetime.datetime.now().strftime(form)


def environment() -> ImmutableSandboxedEnvironment:
    """Return the environment that transformers gives to chat templates; a test compares both."""
    made = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols]
    )
    made.filters["tojson"] = write_json
    made.globals["raise_exception"] = raise_exception
    made.globals["strftime_now"] = time_now
    made.globals["dict"] = Dictionary()
    made.globals["namespace"] = Namespace
    return made


def limit_process(most_bytes: int) -> None:
    """Drop what no template needs: more memory, files, further processes."""
    limit_memory(most_bytes)
    if _resource is not None:
        _resource.setrlimit(_resource.RLIMIT_FSIZE, (0, 0))
        _resource.setrlimit(_resource.RLIMIT_NPROC, (0, 0))


@contextmanager
def ended_after(seconds: float) -> Iterator[None]:
    """End the process where the block takes longer."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)
        yield
        signal.setitimer(signal.ITIMER_REAL, 0)
        return
    timer = threading.Timer(seconds, os._exit, (1,))
    timer.start()
    yield
    timer.cancel()


def answer_to(work: Callable[[], dict[str, Any]], seconds: float) -> bytes:
    """Return the message of the work's result, or of its failure. A timeout ends the process."""
    with ended_after(seconds):
        try:
            return encode_frame(work())
        except jinja2.TemplateSyntaxError as error:
            return encode_frame({"error": f"line {error.lineno}: {error.message}"})
        except MemoryError:
            return encode_frame({"error": "it takes too much memory"})
        except FrameTooLong:
            return encode_frame({"error": "it makes too long a prompt"})
        # A template can raise anything that an expression can.
        except Exception as error:  # noqa: BLE001
            return encode_frame({"error": str(error) or type(error).__name__})


def render(template: jinja2.Template, seen: dict[str, Any]) -> dict[str, Any]:
    """Render the messages."""
    return {"text": template.render(seen)}


def main(requests: int, answers: int) -> None:
    """Serve the messages of a descriptor until it ends, and answer on another."""
    channel = Channel(requests, answers)
    first = channel.receive()
    if first is None:
        return
    limit_process(first["bytes"])
    compiled: list[jinja2.Template] = []

    def compile_template() -> dict[str, Any]:
        compiled.append(environment().from_string(first["template"]))
        return {}

    channel.send_encoded(answer_to(compile_template, first["seconds"]))
    constants = first["constants"] | {"tools": None, "documents": None}
    while (seen := channel.receive()) is not None:
        work = partial(render, compiled[0], constants | seen)
        channel.send_encoded(answer_to(work, first["seconds"]))
