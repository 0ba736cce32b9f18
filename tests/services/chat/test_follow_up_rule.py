"""Follow-up questions by rule: distinguished from standalone ones, and completed."""

from __future__ import annotations

import pytest

from carrel.services.chat.follow_up_rule import Turn, is_follow_up, standalone_question


@pytest.mark.parametrize(
    "question",
    [
        "And in 2021?",
        "What about its revenue?",
        "Who founded it?",
        "What was named after him?",
        "Why?",
        "And Bergen?",
        "How about the second quarter?",
        "In 2005?",
        "Und 2021?",
        "Who challenges that?",
        "Who lives there?",
        "Which one is larger?",
        "What else did they sell?",
        "What is the name of its founder?",
        "How strong were its winds?",
        "In 2010, what did it earn?",
        "When was the company founded?",
        "Tell me more",
    ],
)
def test_a_question_that_leaves_out_what_it_is_about_is_a_follow_up(question: str) -> None:
    assert is_follow_up(question)


@pytest.mark.parametrize(
    "question",
    [
        "What is septicemia?",
        "Who founded Acme?",
        "What did the works council require when it was created?",
        "When has Toyota said it will close its plant?",
        "Did Tesla sell his patents?",
        "What is the measure they use to rank airports?",
        "When a river floods, what happens to its level?",
        "Who led the committee that Seamans established?",
        "Is there a gate in Oslo?",
        "Why must one be left out of the product?",
        "What is another word for the string of a problem instance?",
        "What does it mean for a knot to be prime?",
        "How long does it take to walk to Bergen?",
        "And which law describes the force on a charge moving in a magnetic field?",
        "Which devices treat conditions such as carbon monoxide poisoning?",
        "Quels sont les revenus de la société Acme en 2021 selon le rapport annuel?",
        "",
    ],
)
def test_a_standalone_question_is_left_as_it_is(question: str) -> None:
    assert (
        standalone_question(question, [Turn("Who is the mayor of Oslo?", "Kari Moe.")]) == question
    )


@pytest.mark.parametrize(
    ("before", "question", "expected"),
    [
        (
            "What was the revenue of Acme in 2022?",
            "And in 2021?",
            "What was the revenue of Acme in 2021",
        ),
        ("Who is the mayor of Oslo?", "What about Bergen?", "Who is the mayor of Bergen"),
        (
            "When was the Maastricht Treaty made?",
            "And the Single European Act?",
            "When was the Single European Act made",
        ),
        # Which of two names is meant is unknown: both stay.
        (
            "Who sold Acme to Initech?",
            "And Globex?",
            "Who sold Acme to Initech? Globex",
        ),
        (
            "How much rose between 1991 and 2000?",
            "And in 2010?",
            "How much rose between and ? in 2010",
        ),
    ],
)
def test_what_is_new_takes_the_place_of_its_like(before: str, question: str, expected: str) -> None:
    query = standalone_question(question, [Turn(before)])
    assert query.removesuffix("?").split() == expected.split()


def test_a_pronoun_takes_the_question_before_and_the_names_in_its_answer() -> None:
    turns = [Turn("Who is seen as the first geologist?", "It is James Hutton, of Edinburgh.")]
    query = standalone_question("What paper did he present?", turns)
    assert query == (
        "What paper did he present? Who is seen as the first geologist? James Hutton Edinburgh"
    )


def test_a_year_of_the_follow_up_drives_out_the_one_before() -> None:
    query = standalone_question(
        "What was its profit in 2021?", [Turn("What did Acme sell in 2022?")]
    )
    assert "2022" not in query
    assert "Acme" in query


def test_a_follow_up_of_a_follow_up_goes_back_to_the_question() -> None:
    turns = [Turn("What was the revenue of Acme in 2022?"), Turn("And in 2021?")]
    assert standalone_question("And in 2020?", turns) == "What was the revenue of Acme in 2020?"


def test_a_topic_that_was_left_is_not_taken_up_again() -> None:
    turns = [Turn("What was the revenue of Acme?"), Turn("Who is the mayor of Oslo?")]
    assert "Acme" not in standalone_question("And when was he born?", turns)


def test_what_is_carried_over_is_bounded() -> None:
    query = standalone_question("Who wrote it?", [Turn("word " * 1000, "Name " * 1000)])
    assert len(query) < 1000


def test_the_first_question_has_nothing_to_take() -> None:
    assert standalone_question("Who founded it?", []) == "Who founded it?"
