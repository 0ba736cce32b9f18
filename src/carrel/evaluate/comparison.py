"""Comparison of two runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from carrel.evaluate.figures import Figure
from carrel.evaluate.run_record import RunRecord

NOTHING = "–"


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """One figure of both runs, as text; ``difference`` is this run's minus the other's."""

    name: str
    this: str
    other: str
    difference: str


def compare(this: RunRecord, other: RunRecord) -> list[ComparedRow]:
    """Return a row for each figure that either run has, in this run's order."""
    here = {each.name: each for each in this.figures}
    there = {each.name: each for each in other.figures}
    return [_row(here.get(name), there.get(name), name) for name in {**here, **there}]


def cautions(this: RunRecord, other: RunRecord) -> list[str]:
    """Return why the two may not be comparable, one line each."""
    found = []
    if this.questions != other.questions:
        found.append("The other run was asked other questions: the figures are not comparable.")
    elif this.done != other.done:
        found.append(f"This run has {this.done} questions, the other {other.done}.")
    if this.collection != other.collection:
        found.append(f"The other run asked the collection '{other.collection}'.")
    changed = [
        f"{name} {this.settings.get(name, NOTHING)} (other: {other.settings.get(name, NOTHING)})"
        for name in {**this.settings, **other.settings}
        if this.settings.get(name) != other.settings.get(name)
    ]
    if changed:
        found.append("Settings that differ: " + ", ".join(changed) + ".")
    return found


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows of text as lines, columns aligned, all but the first to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _row(here: Figure | None, there: Figure | None, name: str) -> ComparedRow:
    difference = NOTHING
    if here and there and here.value is not None and there.value is not None:
        change = here.value - there.value
        difference = f"{change:+.3f}" if here.unit == "share" else f"{change:+.2f}"
    return ComparedRow(
        name, here.shown if here else NOTHING, there.shown if there else NOTHING, difference
    )
