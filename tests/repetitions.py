"""How often a test repeats what goes wrong by chance: rarely in ``make test``, often by hand.

``--thorough`` (``make test-all``) is the long run; it tries what a short one tries, and more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from _pytest.mark import ParameterSet

THOROUGH = "--thorough"


def add_option(parser: pytest.Parser) -> None:
    """Add the option to those of pytest."""
    said = "more seeds, rounds and kills than in a short run, which are among them"
    parser.addoption(THOROUGH, action="store_true", help=said)


def thorough(*values: object) -> ParameterSet:
    """Return a case that only the long run tries: a further one of a kind that is tried anyway."""
    return pytest.param(*values, marks=pytest.mark.thorough)


def leave_out(items: list[pytest.Item], config: pytest.Config) -> None:
    """Take the cases of the long run out of a short one."""
    if config.getoption(THOROUGH):
        return
    kept: Sequence[pytest.Item] = [each for each in items if "thorough" not in each.keywords]
    config.hook.pytest_deselected(items=[each for each in items if each not in kept])
    items[:] = kept


@dataclass(frozen=True, slots=True)
class Repetitions:
    """Chooses a number by the kind of run."""

    long: bool

    def __call__(self, short: int, *, thorough: int) -> int:
        """Return the number for this run."""
        assert 0 < short <= thorough
        return thorough if self.long else short


def repetitions_of(config: pytest.Config) -> Repetitions:
    """Return the numbers of a run."""
    return Repetitions(bool(config.getoption(THOROUGH)))
