"""One question judged, and the figures of several, by hand."""

from __future__ import annotations

import pytest

from carrel.core.documents import Source
from carrel.evaluate.figures import Figure, figures_of
from carrel.evaluate.questions import KnownQuestion
from carrel.evaluate.scoring import Judged, Ranks, Reply, declines, judge, ranks_of

ASKED = KnownQuestion(1, "What was the revenue?", ("41 million",), "report.pdf", (2,))
UNKNOWN = KnownQuestion(2, "Who is the mayor?")


def source(document: str, page: int | None, text: str, quote: str = "") -> Source:
    return Source(1, document, "id", "UserData", page, 0.5, text, quote)


FOUND = [
    source("other.pdf", 2, "It was 41 million."),
    source("report.pdf", 1, "The report."),
    source("report.pdf", 2, "The revenue is given below."),
    source("report.pdf", 3, "The revenue was 41 million."),
]


def test_each_definition_of_a_hit_has_a_rank_of_its_own() -> None:
    assert ranks_of(ASKED, FOUND) == Ranks(document=2, page=3, answer=4)
    anywhere = KnownQuestion(1, "What was the revenue?", ("41 million",))
    assert ranks_of(anywhere, FOUND) == Ranks(answer=1)
    assert ranks_of(UNKNOWN, FOUND) == Ranks()


@pytest.mark.parametrize(
    "text",
    [
        "The documents do not contain the answer.",
        "The sources don't mention it.",
        "The provided text does not say who it was.",
        "That is not mentioned in the documents.",
        " ",
    ],
)
def test_an_answer_that_says_so_declines(text: str) -> None:
    assert declines(text)


@pytest.mark.parametrize(
    "text",
    [
        "41 million.",
        "The document contains three parts. It is not in Oslo.",
        "The company did not pay dividends.",
    ],
)
def test_an_answer_with_a_not_in_it_does_not_decline(text: str) -> None:
    assert not declines(text)


def judged(asked: KnownQuestion, text: str, *quotes: Source) -> Judged:
    return judge(asked, FOUND, 0.5, Reply(text, quotes, 1.0, 2.0))


def test_an_answer_is_judged_by_its_words_and_its_quotes() -> None:
    right = source("report.pdf", 2, "The revenue is given below.", "given below")
    changed = source("report.pdf", 3, "The revenue was 41 million.", "was 41 millions")
    quoteless = source("report.pdf", 2, "The revenue is given below.")
    found = judged(ASKED, "It was 41 million", right, changed, quoteless)
    assert (found.contained, found.exact, found.abstained) == (True, False, False)
    assert found.f1 == pytest.approx(2 / 3)
    # The quotes of a question with pages are right on those pages, not where the words occur.
    assert found.verbatim == (True, False)
    assert found.supporting == (True, False)


def test_an_answer_that_declines_is_not_right_though_it_names_the_answer() -> None:
    found = judged(ASKED, "The documents do not say whether it was 41 million.")
    assert (found.abstained, found.contained, found.f1) == (True, False, 0.0)


def test_the_figures_of_a_run_are_those_by_hand() -> None:
    right = source("report.pdf", 2, "The revenue is given below.", "given below")
    wrong = source("report.pdf", 1, "The report.", "The report.")
    run = [
        judged(ASKED, "41 million", right, wrong),
        judged(ASKED, "The documents do not contain it.", right),
        judged(UNKNOWN, "The documents do not contain it."),
        judged(UNKNOWN, "Kari"),
    ]
    figures = {each.name: each for each in figures_of(run)}
    assert figures["page hit@1"] == Figure("page hit@1", 0.0, 2)
    assert figures["page hit@3"].value == 1.0
    assert figures["page MRR"].value == pytest.approx(1 / 3)
    assert figures["answer MRR"].value == 0.25
    assert figures["document hit@3"].value == 1.0
    assert figures["answer contained"] == Figure("answer contained", 0.5, 2)
    assert figures["answer exact"].value == 0.5
    assert figures["abstention precision"] == Figure("abstention precision", 0.5, 2)
    assert figures["abstention balanced accuracy"].value == 0.5
    assert figures["quotes verbatim"] == Figure("quotes verbatim", 1.0, 3)
    assert figures["quotes from a right passage"].value == 0.5
    assert figures["first quote from a right passage"] == Figure(
        "first quote from a right passage", 1.0, 1
    )
    assert figures["whole answer p95"] == Figure("whole answer p95", 2.0, 4, "seconds")
    assert figures["whole answer p95"].shown == "2.00 s"


def test_without_answers_there_are_figures_of_the_search_alone() -> None:
    names = {each.name for each in figures_of([judge(ASKED, FOUND, 0.5, None)])}
    assert "page hit@5" in names
    assert "retrieval p50" in names
    assert not [name for name in names if name.startswith(("quotes", "abstention", "whole"))]
