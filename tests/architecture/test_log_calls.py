"""Log lines hold no message of an exception: it may repeat a document, a question or a name.

``log_reason`` decides which messages may be logged, and ``exc_info`` is written without any.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "carrel"
FILES = sorted(SOURCE.rglob("*.py"))
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
LOGGERS = {"log", "logger"}
ARGUMENT = "error"
"""What functions call an exception that they are given."""


def log_calls(module: ast.Module) -> Iterator[ast.Call]:
    """Yield the calls that write a log line."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            if node.func.attr in LEVELS and isinstance(owner, ast.Name) and owner.id in LOGGERS:
                yield node


def quoted(call: ast.Call, exceptions: set[str]) -> Iterator[str]:
    """Yield the exceptions whose messages a log call takes, by whatever makes text of them."""
    values = [*call.args, *(each.value for each in call.keywords if each.arg != "exc_info")]
    for value in values:
        for node in ast.walk(value):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                makes_text = node.func.id in {"str", "repr", "format", "first_line"}
                arguments = node.args if makes_text else []
            elif isinstance(node, ast.FormattedValue):
                arguments = [node.value]
            else:
                continue
            yield from (
                each.id
                for each in arguments
                if isinstance(each, ast.Name) and each.id in exceptions
            )


def logged_messages(source: str) -> list[str]:
    """Return the exceptions whose messages a file logs."""
    module = ast.parse(source)
    bound = {each.name for each in ast.walk(module) if isinstance(each, ast.ExceptHandler)}
    exceptions = {ARGUMENT} | {each for each in bound if each is not None}
    return [name for call in log_calls(module) for name in quoted(call, exceptions)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_no_log_line_takes_the_message_of_an_exception(path: Path) -> None:
    assert logged_messages(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "call",
    [
        "log.warning('x', reason=str(error))",
        "logger.error('x', reason=repr(error))",
        "log.info(f'failed: {error}')",
        "log.info('x', why=f'{error!r} again')",
        "log.info('x', reason=first_line(problem))",
    ],
)
def test_the_check_sees_every_way_to_take_it(call: str) -> None:
    assert logged_messages(f"try:\n    go()\nexcept ValueError as problem:\n    {call}\n") != []


@pytest.mark.parametrize(
    "call",
    [
        "log.warning('x', reason=log_reason(error))",
        "log.warning('x', exc_info=error)",
        "log.info('x', folder=str(folder))",
    ],
)
def test_the_check_lets_codes_and_places_be_logged(call: str) -> None:
    assert logged_messages(call) == []
