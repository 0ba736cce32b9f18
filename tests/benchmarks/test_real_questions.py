"""The questions about real files, how answers to them are judged, and the files made for them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import docx
import openpyxl
import pytest

import real_questions
from real_documents import TEXTS, write_documents
from real_questions_scoring import (
    Question,
    Shown,
    Verdict,
    has,
    judge,
    said_yes,
    taken_apart,
)

KINDS = {"prose", "table", "list", "yes_no", "comparison", "collection", "unanswerable"}
CELL = Question(
    "t",
    "office",
    "What did the depot in Norwick take in 2022?",
    "table",
    answers=(("34229",), ("34.2 billion",)),
    also=("Norwick", "2022"),
    documents=("a.pdf",),
    pages=(3,),
)
HERE = (("a.pdf", 3),)
ELSEWHERE = (("a.pdf", 4),)


def verdict(question: Question, text: str, places: tuple[tuple[str, int], ...] = HERE) -> Verdict:
    return judge(question, Shown(text, places=places))


@pytest.mark.parametrize(
    ("text", "wanted", "found"),
    [
        ("Net sales were $34,229 million", "34229", True),
        ("34.229 Euro", "34229", True),
        ("34 229 €", "34229", True),
        ("134,229", "34229", False),
        ("34,229.5", "34229", False),
        ("34,2297", "34229", False),
        ("5.432,40 €", "5432.40", True),
        ("97,3 GWh", "97.3", True),
        ("197.3", "97.3", False),
        ("code ５５２１.", "5521", True),
        ("58,430 万元，净利润6,725", "6725", True),
        ("on 14 May, 2024", "14 May 2024", True),
        ("on 24 May 2024", "4 May 2024", False),
        ("report_70.txt", "report_7.txt", False),
        ("see report_7.txt", "report_7.txt", True),
        ("the Cranes", "Crane", False),
        ("总经理陈立新", "陈立新", True),
        ("after 2 years", "two years|2 years", True),
        ("Item AB-1029/7: a gasket", "AB-1029/7", True),
    ],
)
def test_numbers_are_compared_as_numbers_and_words_whole(
    text: str, wanted: str, found: bool
) -> None:
    assert has(text, wanted) is found


def test_a_headline_above_a_quote_is_what_was_answered() -> None:
    assert taken_apart('July\n\n"Depot: Oak; June: 91" [1]') == (
        "July",
        '"Depot: Oak; June: 91"',
    )
    assert taken_apart('"Depot: Oak; June: 91" [1]') == ("", '"Depot: Oak; June: 91"')
    assert taken_apart("It was 91. [1]") == ("", "It was 91.")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('$34,229 million\n\n"Net sales 34,229 35,355" [1]', Verdict.RIGHT),
        ('35,355\n\n"Norwick; 2021: 35,355; 2022: 34,229" [1]', Verdict.WRONG),
        ('"Norwick; 2021: 35,355; 2022: 34,229" [1]', Verdict.RIGHT),
        ('"Norwick 35,355 34,229" [1]', Verdict.NO_ANSWER),
        ('35,355 34,229 1,207 88\n\n"Norwick 35,355 34,229 1,207 88" [1]', Verdict.NO_ANSWER),
        ('"Aldmouth; 2021: 1,207; 2022: 1,300" [1]', Verdict.NO_ANSWER),
        ("", Verdict.DECLINED_WRONGLY),
    ],
)
def test_a_cell_needs_its_row_and_column_unless_it_is_alone(text: str, expected: Verdict) -> None:
    assert verdict(CELL, text) is expected


def test_a_quote_from_elsewhere_that_says_something_else_is_wrong() -> None:
    assert verdict(CELL, '"Aldmouth; 2022: 1,300" [1]', ELSEWHERE) is Verdict.WRONG
    assert verdict(CELL, '"Norwick; 2022: 34,229" [1]', ELSEWHERE) is Verdict.RIGHT
    prose = replace(CELL, kind="prose", also=())
    assert verdict(prose, '"It was 34,229." [1]', ELSEWHERE) is Verdict.WRONG


def test_what_is_declined() -> None:
    assert judge(CELL, Shown("No.", declined=True)) is Verdict.DECLINED_WRONGLY
    none = replace(CELL, kind="unanswerable", answers=())
    assert judge(none, Shown("No.", declined=True)) is Verdict.DECLINED_RIGHTLY
    assert verdict(none, "34,229") is Verdict.WRONG


def test_half_of_a_list_is_no_answer_and_less_is_wrong() -> None:
    three = replace(CELL, kind="list", also=(), answers=(("copper", "foundry", "fitters"),))
    assert verdict(three, '"copper, one foundry, too few fitters" [1]') is Verdict.RIGHT
    assert verdict(three, 'copper and one foundry\n\n"Risks" [1]') is Verdict.NO_ANSWER
    assert verdict(three, 'copper\n\n"copper, a foundry, fitters" [1]') is Verdict.WRONG


def test_files_have_to_be_named_completely_and_no_others() -> None:
    files = replace(CELL, kind="collection", also=(), answers=(("a.pdf", "报告2023.docx"),))
    assert verdict(files, "2 files: a.pdf, 报告2023.docx.", ()) is Verdict.RIGHT
    assert verdict(files, "- a.pdf\n- b.pdf\n- 报告2023.docx", ()) is Verdict.NO_ANSWER
    assert verdict(files, "a.pdf", ()) is Verdict.WRONG
    number = replace(files, answers=(("12",), ("twelve",)))
    assert verdict(number, "There are 12 documents.", ()) is Verdict.RIGHT
    assert verdict(number, "There are 120 documents.", ()) is Verdict.WRONG


def test_a_yes_or_no_is_the_answer() -> None:
    closed = replace(CELL, kind="yes_no", yes=False, also=(), answers=(("Norwick", "closed"),))
    assert verdict(closed, "No, it is not. [1]") is Verdict.RIGHT
    assert verdict(closed, 'Yes\n\n"Norwick: closed" [1]') is Verdict.WRONG
    assert verdict(closed, '"Norwick: closed" [1]') is Verdict.RIGHT
    assert verdict(closed, 'Norwick\n\n"Norwick: closed" [1]') is Verdict.WRONG
    assert [said_yes(each) for each in ("Nothing", "Ja, gern", "不是的", "是的", "Nord")] == [
        None,
        True,
        False,
        True,
        None,
    ]


def test_the_questions_are_complete() -> None:
    questions = real_questions.read_questions()
    assert len(questions) == 150
    assert len({each.id for each in questions}) == 150
    assert {each.kind for each in questions} == KINDS
    made = {each.parent.name: set() for each in TEXTS.glob("*/*.txt")}
    for text in TEXTS.glob("*/*.txt"):
        made[text.parent.name].add(text.name.removesuffix(".txt"))
    for each in questions:
        assert bool(each.answers) is not each.unanswerable, each.id
        if each.collection in made:
            assert set(each.documents) <= made[each.collection], each.id
        assert not each.within or set(each.within) == set(each.documents), each.id
        assert each.yes is None or each.kind in ("yes_no", "comparison"), each.id
    languages = Counter(each.language for each in questions)
    assert languages["de"] == languages["fr"] == languages["zh"] == 10


def test_gold_answers_are_in_the_texts_that_files_are_made_of() -> None:
    for each in real_questions.read_questions():
        folder = TEXTS / each.collection
        if not folder.is_dir() or each.unanswerable or each.kind == "collection":
            continue
        text = " ".join((folder / f"{name}.txt").read_text("utf-8") for name in each.documents)
        stated = [all(has(text, part) for part in answer) for answer in each.answers]
        assert any(stated), each.id


def test_files_of_every_sort_are_made_and_kept(tmp_path: Path) -> None:
    made = write_documents(tmp_path)
    names = {path.name: path for paths in made.values() for path in paths}
    assert {path.suffix for path in names.values()} == {
        ".pdf",
        ".docx",
        ".xlsx",
        ".csv",
        ".md",
        ".html",
        ".eml",
    }
    sheet = openpyxl.load_workbook(names["Price_list_2024.xlsx"])["Pumps"]
    assert sheet["E4"].value == 1875
    rows = docx.Document(str(names["Minutes_2024-03-12.docx"])).tables[0].rows
    assert [cell.text for cell in rows[3].cells] == ["Port of Norwick", "£0", "£8,700"]
    assert "Biotonne 120 Liter;Jahr;54,60" in names["Gebuehren_2024.csv"].read_text("utf-8")
    before = {path: path.stat().st_mtime_ns for path in names.values()}
    write_documents(tmp_path)
    assert {path: path.stat().st_mtime_ns for path in names.values()} == before


def test_the_score_subtracts_what_is_wrong() -> None:
    def judged(verdict: Verdict) -> real_questions.Judged:
        return real_questions.Judged(CELL, Shown(""), verdict, 1.0)

    group = [judged(each) for each in (*[Verdict.RIGHT] * 5, *[Verdict.WRONG] * 3)]
    group += [judged(Verdict.DECLINED_RIGHTLY), judged(Verdict.NO_ANSWER)]
    line = real_questions.share_line("all", group)
    assert line == "| all | 10 | 0.50 | 0.10 | 0.10 | 0.00 | 0.30 | 0.60 | +0.30 |"
    page = real_questions.report(group, ["reports"])
    assert "| table | 10 |" in page
    quoted = replace(group[5], shown=Shown('35,355\n\n"Norwick; 2022: 34,229" [1]', places=HERE))
    (alone,) = [each for each in real_questions.tables([quoted]) if each.startswith("| without")]
    assert alone.endswith("| 1 | 1.00 | 0.00 | 0.00 | 0.00 | 0.00 | 1.00 | +1.00 |")
    both = real_questions.tables(group, [quoted])
    assert both[4].startswith("| as shown, before | 1 | 0.00 |")
    assert any(each.startswith("| table, before | 1 |") for each in both)
    assert "Left out, as its files were not given: reports." in page
