"""Votes between models, and their ranking."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from carrel.core.access import Principal
from carrel.core.votes import Outcome, Vote, VoteStore
from carrel.services.arena.bradley_terry import strengths

MIDDLE = 1000.0
SCALE = 400.0 / math.log(10)
"""Points for one unit of log-strength: Elo's scale, where 400 points are odds of ten to one."""

POINTS = {Outcome.A: (1.0, 0.0), Outcome.B: (0.0, 1.0)}
HALVES = (0.5, 0.5)
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = ("model_a", "model_b", "outcome", "account", "voted_at")


@dataclass(frozen=True, slots=True)
class Rank:
    """A model's rating with the half-width of its 95 % interval, and its number of votes.

    Ratings of models in different ``group``s are not comparable: no chain of votes joins them.
    """

    model: str
    rating: float
    margin: float
    votes: int
    group: int


@dataclass(frozen=True, slots=True)
class Ranking:
    """The models, best first, and the number of votes for each pair in alphabetical order."""

    ranks: tuple[Rank, ...] = ()
    pairs: tuple[tuple[str, str, int], ...] = ()


class ArenaService:
    """Stores votes and ranks the models over all accounts."""

    def __init__(self, store: VoteStore) -> None:
        self._store = store

    async def vote(
        self, principal: Principal, model_a: str, model_b: str, outcome: Outcome
    ) -> None:
        """Store a vote."""
        vote = Vote(model_a, model_b, outcome, principal.account, datetime.now(UTC))
        await asyncio.to_thread(self._store.add, vote)

    async def votes(self) -> list[Vote]:
        """Return all votes, the oldest first."""
        return await asyncio.to_thread(self._store.votes)

    async def ranking(self) -> Ranking:
        """Return the models, best first."""
        return await asyncio.to_thread(lambda: ranking_of(self._store.votes()))


def ranking_of(votes: Sequence[Vote]) -> Ranking:
    """Return the ranking of votes; a tie and "both are bad" are half a win for each.

    Votes between a model and itself, with two temperatures, are ignored.
    """
    met: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    points: dict[tuple[str, str], float] = {}
    for each in votes:
        one, other = each.model_a, each.model_b
        if one == other:
            continue
        first, second = POINTS.get(each.outcome, HALVES)
        points[one, other] = points.get((one, other), 0.0) + first
        points[other, one] = points.get((other, one), 0.0) + second
        met.update((one, other))
        pairs[min(one, other), max(one, other)] += 1
    ranks = tuple(
        Rank(
            each.name,
            MIDDLE + SCALE * each.value,
            SCALE * each.margin,
            met[each.name],
            each.group,
        )
        for each in strengths(points)
    )
    return Ranking(ranks, tuple((*pair, count) for pair, count in sorted(pairs.items())))


def as_csv(votes: Sequence[Vote]) -> str:
    """Return votes as CSV with a header.

    A name that a spreadsheet would evaluate as a formula gets a leading apostrophe.
    """
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(COLUMNS)
    writer.writerows([_inert(field) for field in _fields(each)] for each in votes)
    return written.getvalue()


def _inert(field: str) -> str:
    return f"'{field}" if field.startswith(FORMULA_SIGNS) else field


def as_jsonl(votes: Sequence[Vote]) -> str:
    """Return votes as one JSON object a line."""
    return "".join(
        json.dumps(dict(zip(COLUMNS, _fields(each), strict=True)), ensure_ascii=False) + "\n"
        for each in votes
    )


def _fields(vote: Vote) -> tuple[str, ...]:
    return (
        vote.model_a,
        vote.model_b,
        vote.outcome.value,
        vote.owner,
        vote.voted_at.isoformat(),
    )
