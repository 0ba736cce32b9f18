"""Strengths from paired comparisons, by the model of Bradley and Terry (1952).

Contender i beats j with probability p_i / (p_i + p_j). The strengths maximise the likelihood, by
the minorization-maximization of Hunter, "MM algorithms for generalized Bradley-Terry models",
Annals of Statistics 32 (2004), equation 3. A tie is half a win for each.

Contenders that won or lost everything, or never met, have no finite estimate. So each contender
also has ``prior`` games against an imagined one of strength 1, half of them won: the strengths are
shrunk a little, and always exist. Strengths of contenders in different ``groups``, which no chain
of games joins, are not comparable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PRIOR = 1.0
NORMAL_95 = 1.959964
MOST_ROUNDS = 100_000
CLOSE_ENOUGH = 1e-11

Matrix = NDArray[np.float64]
Wins = Mapping[tuple[str, str], float]
"""How often the first of a pair beat the second; a tie counts one half in both directions."""


@dataclass(frozen=True, slots=True)
class Strength:
    """A contender's log-strength, and the half-width of its 95 % interval.

    The interval is by the Fisher information of the likelihood with the prior's games in it.
    ``group`` is the same number for contenders that a chain of games joins.
    """

    name: str
    value: float
    margin: float
    group: int


def strengths(wins: Wins, prior: float = PRIOR) -> list[Strength]:
    """Return the contenders, the strongest first; ``prior`` has to be above 0."""
    if prior <= 0:
        raise ValueError("prior has to be above 0: without it there may be no estimate")
    names = sorted({name for pair in wins for name in pair})
    if not names:
        return []
    won = np.array([[wins.get((one, other), 0.0) for other in names] for one in names])
    games = won + won.T
    powers = _maximized(games, won.sum(axis=1) + prior / 2, prior)
    margins = NORMAL_95 * np.sqrt(np.linalg.inv(_information(games, powers, prior)).diagonal())
    estimates = zip(names, np.log(powers), margins, _groups(games), strict=True)
    found = [
        Strength(name, float(value), float(margin), group)
        for name, value, margin, group in estimates
    ]
    return sorted(found, key=lambda each: (-each.value, each.name))


def _maximized(games: Matrix, won: Matrix, prior: float) -> Matrix:
    powers = np.ones(len(won))
    for _ in range(MOST_ROUNDS):
        met = (games / np.add.outer(powers, powers)).sum(axis=1)
        improved = won / (met + prior / (powers + 1))
        furthest = np.abs(np.log(improved / powers)).max()
        powers = improved
        if furthest < CLOSE_ENOUGH:
            break
    return powers


def _information(games: Matrix, powers: Matrix, prior: float) -> Matrix:
    """Return the Fisher information about the log-strengths, (contenders, contenders)."""
    pairs = games * np.outer(powers, powers) / np.add.outer(powers, powers) ** 2
    own = pairs.sum(axis=1) + prior * powers / (powers + 1) ** 2
    information: Matrix = np.diag(own) - pairs
    return information


def _groups(games: Matrix) -> list[int]:
    groups = [-1] * len(games)
    group = 0
    for start in range(len(games)):
        if groups[start] >= 0:
            continue
        waiting = [start]
        while waiting:
            at = waiting.pop()
            if groups[at] < 0:
                groups[at] = group
                waiting.extend(np.flatnonzero(games[at]).tolist())
        group += 1
    return groups
