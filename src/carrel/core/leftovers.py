"""Decides whether documents unknown to the catalog are leftovers or lost data."""

from __future__ import annotations

from dataclasses import dataclass

LEFTOVERS = 1
"""A killed process leaves at most one: it stores one document at a time."""

SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Leftovers:
    """``unknown`` of the ``found`` documents are not in the catalog.

    One is what a kill leaves; up to a tenth is attributed to earlier crashes. More than that
    means that the catalog belongs to another data folder or is an older copy: 1 of 1, 1 of 5 and
    10 of 100 are leftovers; 2 of 12, 11 of 100 and 12 of 12 are not.
    """

    found: int
    unknown: int

    @property
    def is_loss(self) -> bool:
        """Whether documents would be lost by trusting the catalog."""
        return self.unknown > LEFTOVERS and self.unknown > SHARE * self.found
