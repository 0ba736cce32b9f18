"""Votes between two anonymous answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Outcome(StrEnum):
    """Which answer was better; A is the one of ``Vote.model_a``."""

    A = "a"
    TIE = "tie"
    B = "b"
    BOTH_BAD = "both_bad"


@dataclass(frozen=True, slots=True)
class Vote:
    """One vote. Neither the question nor the answers are kept with it."""

    model_a: str
    model_b: str
    outcome: Outcome
    owner: str
    voted_at: datetime


class VoteStore(Protocol):
    """The votes of all accounts."""

    def add(self, vote: Vote) -> None:
        """Store a vote."""
        ...

    def votes(self) -> list[Vote]:
        """All votes, the oldest first."""
        ...
