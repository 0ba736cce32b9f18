"""What a question asks for, and what looks like it."""

import pytest

from carrel.services.chat.question_kind import QuestionKind, fit, kind_of


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("When was the harbor built?", QuestionKind.DATE),
        ("In which year did it close?", QuestionKind.DATE),
        ("How many boats are there?", QuestionKind.NUMBER),
        ("Who is the harbor master?", QuestionKind.NAME),
        ("Where do the boats lie?", QuestionKind.NAME),
        ("What do gulls eat?", QuestionKind.OTHER),
        ("Wann wurde der Hafen gebaut?", QuestionKind.OTHER),
    ],
)
def test_the_words_of_a_question_tell_its_kind(question: str, kind: QuestionKind) -> None:
    assert kind_of(question) is kind


@pytest.mark.parametrize(
    ("kind", "better", "worse"),
    [
        (QuestionKind.DATE, ["1902"], ["Two", "Harbors"]),
        (QuestionKind.DATE, ["March"], ["12"]),
        (QuestionKind.NUMBER, ["92,000"], ["people"]),
        (QuestionKind.NUMBER, ["twelve", "boats"], ["boats"]),
        (QuestionKind.NAME, ["Ada", "Lind"], ["harbor"]),
    ],
)
def test_what_looks_like_it_fits_better(
    kind: QuestionKind, better: list[str], worse: list[str]
) -> None:
    assert fit(kind, better) > fit(kind, worse)


def test_other_questions_take_anything() -> None:
    assert fit(QuestionKind.OTHER, ["1902"]) == fit(QuestionKind.OTHER, ["herring"]) == 0
