"""The error tree is drawn, documented, and mapped completely by both interfaces."""

from __future__ import annotations

import inspect
import re

import pytest

from carrel.api.errors import STATUS_CODES
from carrel.cli.exit_codes import EXIT_CODES, exit_code
from carrel.core import errors
from carrel.core.errors import CarrelError

CLASSES = [
    each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, CarrelError)
]
BRANCH = re.compile(r"^(?P<indent>[ │├└─]*)(?P<name>[A-Z]\w+)\b", re.MULTILINE)


def drawn_tree() -> dict[str, str | None]:
    """Return the parent of each class as the docstring of the module draws it."""
    parents: dict[str, str | None] = {}
    path: list[str] = []
    assert errors.__doc__ is not None
    drawing = errors.__doc__.split("\n\n")[1]
    for match in BRANCH.finditer(drawing):
        depth = (len(match["indent"]) - 4) // 4
        path[depth:] = [match["name"]]
        parents[match["name"]] = path[depth - 1] if depth else None
    return parents


def test_every_error_is_drawn_below_its_parent() -> None:
    real = {
        each.__name__: each.__base__.__name__ if each is not CarrelError else None
        for each in CLASSES
        if each.__base__ is not None
    }
    assert drawn_tree() == real


def test_codes_are_unique_and_stand_in_their_own_class() -> None:
    codes = {each.__dict__["code"] for each in CLASSES}
    assert len(codes) == len(CLASSES)


@pytest.mark.parametrize("error", CLASSES, ids=lambda each: each.__name__)
def test_every_error_has_a_status_at_both_interfaces(error: type[CarrelError]) -> None:
    assert error in STATUS_CODES
    assert 400 <= STATUS_CODES[error] <= 599
    assert 1 <= exit_code(error("reason")) <= 125


def test_no_two_entries_of_the_exit_codes_collide_and_none_is_unknown() -> None:
    assert len(set(EXIT_CODES.values())) == len(EXIT_CODES)
    assert set(EXIT_CODES) <= set(CLASSES)
