"""A run that is kept, read back, compared and shown."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from carrel.core.documents import Source
from carrel.core.errors import AlreadyExists, InvalidRequest, PathNotFound
from carrel.evaluate.comparison import ComparedRow, aligned, cautions, compare
from carrel.evaluate.figures import Figure
from carrel.evaluate.plot import curve_plot
from carrel.evaluate.questions import KnownQuestion
from carrel.evaluate.run_folder import RunFolder
from carrel.evaluate.run_record import RunRecord, curves_of
from carrel.evaluate.scoring import Reply, judge

HOSTILE = "<script>alert(1)</script>"
FOUND = [
    Source(1, "b", "i", "c", None, 1.0, "no", ""),
    Source(2, "a", "i", "c", 1, 1.0, "x y", "x"),
]
JUDGED = judge(KnownQuestion(1, HOSTILE, ("x y",)), FOUND, 0.1, Reply(HOSTILE, (), 0.2, 0.3))
RECORD = RunRecord(
    collection="UserData",
    questions="abc",
    done=1,
    total=2,
    made_at="2026-01-01T00:00:00+00:00",
    figures=(Figure("answer hit@1", 0.5, 2), Figure("retrieval p50", 0.25, 2, "seconds")),
    curves=curves_of([JUDGED]),
    settings={"top_k": "8"},
)


def test_a_record_is_read_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(RECORD.to_json(), encoding="utf-8")
    assert RunRecord.read(path) == RECORD
    assert RECORD.curves == {"answer": [0.0] + [1.0] * 9}


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"version": 2}', '{"version": 1}'])
def test_what_is_no_record_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "results.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidRequest, match=r"no results\.json"):
        RunRecord.read(path)
    with pytest.raises(PathNotFound):
        RunRecord.read(tmp_path / "absent.json")


def test_runs_are_compared_figure_by_figure() -> None:
    other = replace(
        RECORD,
        figures=(
            Figure("answer hit@1", 0.75, 4),
            Figure("retrieval p50", None, 0, "seconds"),
            Figure("answer F1", 0.1, 4),
        ),
    )
    assert compare(RECORD, other) == [
        ComparedRow("answer hit@1", "0.500", "0.750", "-0.250"),
        ComparedRow("retrieval p50", "0.25 s", "–", "–"),
        ComparedRow("answer F1", "–", "0.100", "–"),
    ]


def test_what_keeps_runs_from_being_comparable_is_said() -> None:
    assert cautions(RECORD, RECORD) == []
    assert "other questions" in cautions(RECORD, replace(RECORD, questions="x"))[0]
    assert "the other 2" in cautions(RECORD, replace(RECORD, done=2))[0]
    other = replace(RECORD, collection="Else", settings={"top_k": "4"})
    assert cautions(RECORD, other) == [
        "The other run asked the collection 'Else'.",
        "Settings that differ: top_k 8 (other: 4).",
    ]


def test_columns_are_aligned() -> None:
    assert aligned([("", "n"), ("ab", "10")]) == ["     n", "ab  10"]


def test_a_folder_keeps_each_question_and_a_page_that_needs_nothing(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.add(JUDGED)
    [line] = (tmp_path / "run" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["ranks"] == {"document": None, "page": None, "answer": 2}
    folder.finish(RECORD, [JUDGED], RECORD)
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "1 of 2 questions" in page
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert [part for part in ("src=", "href=", "@import", "url(") if part in page] == []
    assert RunRecord.read(tmp_path / "run" / "results.json") == RECORD
    with pytest.raises(AlreadyExists, match="another folder"):
        RunFolder(tmp_path / "run")


def test_a_folder_of_a_run_that_never_began_can_be_used_again(tmp_path: Path) -> None:
    RunFolder(tmp_path / "run")
    RunFolder(tmp_path / "run")


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InvalidRequest, match="cannot be written"):
        RunFolder(tmp_path / "file" / "run")


def test_a_plot_is_xml_with_a_point_per_value_and_a_name_per_curve() -> None:
    drawn = ElementTree.fromstring(curve_plot({"a <b>": [0.0, 0.5, 1.0], "c": [1.0] * 3}, "t"))
    name = "{http://www.w3.org/2000/svg}"
    assert len(drawn.findall(f"{name}circle")) == 6
    texts = [each.text for each in drawn.findall(f"{name}text")]
    assert "a <b>" in texts
    first, *_, last = drawn.findall(f"{name}circle")[:3]
    assert float(first.attrib["cy"]) > float(last.attrib["cy"]), "more is higher"
