"""How much of what a data folder holds may be unknown to its catalog."""

from __future__ import annotations

from dataclasses import dataclass

LEFTOVERS = 1
"""A killed process stores one document at a time, and deletions are recorded: it leaves one."""

SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Leftovers:
    """``unknown`` of the ``found`` documents are not in the catalog.

    One is what a kill leaves, however few there are; up to a tenth is put down to earlier crashes.
    More than that means that the catalog is not the one of this data folder, or an older copy: 1 of
    1 and 1 of 5 are leftovers, so are 10 of 100; 2 of 12, 11 of 100 and 12 of 12 are not.
    """

    found: int
    unknown: int

    @property
    def is_loss(self) -> bool:
        """Whether documents would be lost if the catalog was believed."""
        return self.unknown > LEFTOVERS and self.unknown > SHARE * self.found
