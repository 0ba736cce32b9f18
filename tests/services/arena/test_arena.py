"""From votes to a ranking and to files."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

from carrel.core.votes import Outcome, Vote
from carrel.services.arena.arena import as_csv, as_jsonl, ranking_of

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def vote(first: str, second: str, outcome: Outcome) -> Vote:
    return Vote(first, second, outcome, "anna", NOON)


def test_the_side_on_which_a_model_was_does_not_matter() -> None:
    ranking = ranking_of([vote("x", "y", Outcome.B), vote("y", "x", Outcome.A)])
    assert [(each.model, each.votes) for each in ranking.ranks] == [("y", 2), ("x", 2)]
    assert ranking.pairs == (("x", "y", 2),)
    assert ranking.ranks[0].rating - 1000 > 0 > ranking.ranks[1].rating - 1000


def test_ties_and_bad_answers_leave_models_even() -> None:
    ranking = ranking_of([vote("x", "y", Outcome.TIE), vote("x", "y", Outcome.BOTH_BAD)])
    assert [round(each.rating) for each in ranking.ranks] == [1000, 1000]


def test_a_model_against_itself_is_not_ranked() -> None:
    assert ranking_of([vote("x", "x", Outcome.A)]).ranks == ()


def test_files_hold_each_vote() -> None:
    given = [vote('a, "b"', "文", Outcome.TIE)]
    rows = list(csv.DictReader(io.StringIO(as_csv(given))))
    assert rows == [json.loads(as_jsonl(given))]
    assert rows[0]["model_a"] == 'a, "b"'
    assert rows[0]["outcome"] == "tie"


def test_a_spreadsheet_computes_nothing_of_a_name() -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv([vote("=1+1", "m-2", Outcome.TIE)]))))
    assert (rows[0]["model_a"], rows[0]["model_b"]) == ("'=1+1", "m-2")
