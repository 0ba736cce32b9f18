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

import math
from collections.abc import Mapping
from dataclasses import dataclass

PRIOR = 1.0
NORMAL_95 = 1.959964
MOST_ROUNDS = 100_000
CLOSE_ENOUGH = 1e-11

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
    games = [
        [wins.get((one, other), 0.0) + wins.get((other, one), 0.0) for other in names]
        for one in names
    ]
    won = [sum(wins.get((one, other), 0.0) for other in names) + prior / 2 for one in names]
    powers = _maximized(games, won, prior)
    margins = [NORMAL_95 * math.sqrt(each) for each in _variances(games, powers, prior)]
    groups = _groups(games)
    found = [
        Strength(name, math.log(power), margin, group)
        for name, power, margin, group in zip(names, powers, margins, groups, strict=True)
    ]
    return sorted(found, key=lambda each: (-each.value, each.name))


def _maximized(games: list[list[float]], won: list[float], prior: float) -> list[float]:
    powers = [1.0] * len(won)
    for _ in range(MOST_ROUNDS):
        furthest = 0.0
        for at, wins in enumerate(won):
            met = sum(n / (powers[at] + p) for n, p in zip(games[at], powers, strict=True) if n)
            power = wins / (met + prior / (powers[at] + 1.0))
            furthest = max(furthest, abs(math.log(power / powers[at])))
            powers[at] = power
        if furthest < CLOSE_ENOUGH:
            break
    return powers


def _variances(games: list[list[float]], powers: list[float], prior: float) -> list[float]:
    """Return the diagonal of the inverse of the information about the log-strengths."""
    size = len(powers)
    matrix = [[0.0] * size for _ in range(size)]
    for i in range(size):
        matrix[i][i] = prior * powers[i] / (powers[i] + 1.0) ** 2
    for i in range(size):
        for j in range(size):
            if i != j and games[i][j]:
                information = games[i][j] * powers[i] * powers[j] / (powers[i] + powers[j]) ** 2
                matrix[i][i] += information
                matrix[i][j] -= information
    # Gauss and Jordan; no pivoting is needed, as the matrix is symmetric and positive definite.
    rows = [[*row, *(float(i == j) for j in range(size))] for i, row in enumerate(matrix)]
    for at in range(size):
        pivot = rows[at][at]
        rows[at] = [value / pivot for value in rows[at]]
        for other in range(size):
            if other != at and rows[other][at]:
                factor = rows[other][at]
                rows[other] = [a - factor * b for a, b in zip(rows[other], rows[at], strict=True)]
    return [rows[at][size + at] for at in range(size)]


def _groups(games: list[list[float]]) -> list[int]:
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
                waiting.extend(other for other, n in enumerate(games[at]) if n)
        group += 1
    return groups
