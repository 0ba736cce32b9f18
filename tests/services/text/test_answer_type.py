"""What a question asks for, and what looks like it."""

import pytest

from carrel.services.text.answer_type import AnswerType, fit, kind_of


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("When was the harbor built?", AnswerType.DATE),
        ("In which year did it close?", AnswerType.DATE),
        ("How many boats are there?", AnswerType.NUMBER),
        ("Who is the harbor master?", AnswerType.NAME),
        ("Where do the boats lie?", AnswerType.NAME),
        ("What do gulls eat?", AnswerType.OTHER),
        ("Wann wurde der Hafen gebaut?", AnswerType.OTHER),
    ],
)
def test_the_words_of_a_question_tell_its_kind(question: str, kind: AnswerType) -> None:
    assert kind_of(question) is kind


@pytest.mark.parametrize(
    ("kind", "better", "worse"),
    [
        (AnswerType.DATE, ["1902"], ["Two", "Harbors"]),
        (AnswerType.DATE, ["March"], ["12"]),
        (AnswerType.NUMBER, ["92,000"], ["people"]),
        (AnswerType.NUMBER, ["twelve", "boats"], ["boats"]),
        (AnswerType.NAME, ["Ada", "Lind"], ["harbor"]),
    ],
)
def test_what_looks_like_it_fits_better(
    kind: AnswerType, better: list[str], worse: list[str]
) -> None:
    assert fit(kind, better) > fit(kind, worse)


def test_other_questions_take_anything() -> None:
    assert fit(AnswerType.OTHER, ["1902"]) == fit(AnswerType.OTHER, ["herring"]) == 0
