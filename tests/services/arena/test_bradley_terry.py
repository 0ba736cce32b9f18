"""Strengths from pairs, against figures that others published."""

from __future__ import annotations

import math

import pytest

from carrel.services.arena.bradley_terry import strengths

TEAMS = ("Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore")
# Agresti, Categorical Data Analysis, table 11.10: wins of the row over the column, season of 1987.
SEASON = (
    (0, 7, 9, 7, 7, 9, 11),
    (6, 0, 7, 5, 11, 9, 9),
    (4, 6, 0, 7, 7, 8, 12),
    (6, 8, 6, 0, 6, 7, 10),
    (6, 2, 6, 7, 0, 7, 12),
    (4, 4, 5, 6, 6, 0, 6),
    (2, 4, 1, 3, 1, 7, 0),
)
# The estimates of the R package BradleyTerry2 for these data, Baltimore being 0.
PUBLISHED = {
    "Milwaukee": 1.5814,
    "Detroit": 1.4364,
    "Toronto": 1.2945,
    "New York": 1.2476,
    "Boston": 1.1077,
    "Cleveland": 0.6839,
}


def test_the_baseball_season_of_1987_has_its_published_estimates() -> None:
    wins = {
        (one, other): float(SEASON[i][j])
        for i, one in enumerate(TEAMS)
        for j, other in enumerate(TEAMS)
        if i != j
    }
    found = strengths(wins, prior=1e-6)
    assert [each.name for each in found] == list(TEAMS)
    values = {each.name: each.value for each in found}
    for team, value in PUBLISHED.items():
        assert values[team] - values["Baltimore"] == pytest.approx(value, abs=2e-4)


def test_two_contenders_have_the_odds_of_their_wins() -> None:
    first, second = strengths({("a", "b"): 3.0, ("b", "a"): 1.0}, prior=1e-6)
    assert first.value - second.value == pytest.approx(math.log(3), abs=1e-4)


def test_who_won_everything_has_a_finite_strength_that_grows_with_the_games() -> None:
    few, many = (strengths({("a", "b"): games})[0] for games in (2.0, 20.0))
    assert few.name == many.name == "a"
    assert 0 < few.value < many.value < math.inf
    assert many.margin < math.inf


def test_a_single_contender_pair_of_ties_is_even_with_the_margin_of_its_information() -> None:
    one, other = strengths({("a", "b"): 2.0, ("b", "a"): 2.0}, prior=1.0)
    assert one.value == other.value == pytest.approx(0.0)
    # Information [[1.25, -1], [-1, 1.25]]: four games and one of the prior, a quarter each.
    assert one.margin == pytest.approx(1.959964 * math.sqrt(1.25 / (1.25**2 - 1)))


def test_contenders_that_no_chain_of_games_joins_are_in_different_groups() -> None:
    found = strengths({("a", "b"): 1.0, ("b", "c"): 1.0, ("x", "y"): 1.0})
    groups = {each.name: each.group for each in found}
    assert groups["a"] == groups["b"] == groups["c"] != groups["x"] == groups["y"]


def test_nothing_is_ranked_of_nothing_and_no_prior_is_refused() -> None:
    assert strengths({}) == []
    with pytest.raises(ValueError, match="above 0"):
        strengths({("a", "b"): 1.0}, prior=0.0)
