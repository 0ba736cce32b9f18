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
        ("Wann wurde der Hafen gebaut?", AnswerType.DATE),
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


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Wann wurde der Vertrag gekündigt?", AnswerType.DATE),
        ("Wie hoch war der Umsatz?", AnswerType.NUMBER),
        ("Wie viele Mitarbeiter gibt es?", AnswerType.NUMBER),
        ("Wer leitet das Werk?", AnswerType.NAME),
        ("Combien de temps peut-on garder un livre ?", AnswerType.NUMBER),
        ("En quelle année le pont a-t-il ouvert ?", AnswerType.DATE),
        ("¿Cuándo abrió el puente?", AnswerType.DATE),
        ("¿Cuántas personas trabajan aquí?", AnswerType.NUMBER),
        ("Quanto costa il biglietto?", AnswerType.NUMBER),
        ("Onde fica a fábrica?", AnswerType.NAME),
        ("Сколько стоит билет?", AnswerType.NUMBER),
        ("Когда открыли мост?", AnswerType.DATE),
        ("净利润是多少？", AnswerType.NUMBER),
        ("大桥是哪一年建成的？", AnswerType.DATE),
        ("総経理は誰ですか", AnswerType.NAME),
        ("متى وقع العقد؟", AnswerType.DATE),
        ("À qui appartient le terrain ?", AnswerType.NAME),
        ("Was steht im Vertrag?", AnswerType.OTHER),
        ("What does a dove eat?", AnswerType.OTHER),
        ("What is the chi-square value?", AnswerType.OTHER),
    ],
)
def test_questions_of_other_languages_have_a_type(question: str, kind: AnswerType) -> None:
    assert kind_of(question) is kind


@pytest.mark.parametrize("answer", ["zwei Jahre", "deux ans", "两年", "пять лет", "12 Monate"])
def test_numbers_are_written_in_words_of_other_languages(answer: str) -> None:
    assert fit(AnswerType.NUMBER, answer.split()) == 1.0
    assert fit(AnswerType.NUMBER, ["Jahre"]) == -1.0
