"""``carrel summarize`` and ``carrel extract``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from carrel.cli.commands.extract import item_line
from carrel.cli.main import main
from carrel.cli.output.summaries import place, progress_line
from carrel.core.summaries import ExtractedItem, SummarizationProgress

SENTENCE = "The harbour master of Kilbride is Ada Lind."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with one document."""
    (tmp_path / "harbour.txt").write_text(SENTENCE)
    assert run(tmp_path, "ingest", str(tmp_path / "harbour.txt")) == 0
    return tmp_path


def run(folder: Path, *words: str) -> int:
    return main([*words, f"--db_dir={folder / 'db'}", "--engine=scripted", "--offline=True"])


def test_a_summary_is_printed_with_its_parts_and_progress(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run(folder, "summarize", "--focus=the master") == 0
    printed = capsys.readouterr()
    assert SENTENCE in printed.out
    assert printed.out.count("Parts:") == 1
    assert "[harbour.txt] " in printed.out
    assert "0/1 parts" in printed.err and "100% " in printed.err
    assert run(folder, "summarize", "--json") == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["parts"][0]["document"] == "harbour.txt"
    assert summary["style"] == "written"


def test_an_extraction_is_printed_with_its_places(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run(folder, "extract", "--focus=harbour master") == 0
    assert f"[1] {SENTENCE} (harbour.txt)" in capsys.readouterr().out
    assert run(folder, "extract", "--focus=quantum chromodynamics") == 0
    assert capsys.readouterr().out == "The documents say nothing about it.\n"
    assert run(folder, "extract", "--json") == 0
    assert json.loads(capsys.readouterr().out)["items"][0]["quote"] == SENTENCE


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("summarize", "--documents=absent"), 3),
        (("extract", "--collection=Nowhere"), 3),
        (("summarize", "--collection=LLM"), 2),
        (("extract", "revenue"), 2),
    ],
)
def test_what_cannot_be_done_is_refused(
    folder: Path, words: tuple[str, ...], status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run(folder, *words) == status
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1


def test_lines_for_people() -> None:
    assert progress_line(SummarizationProgress(1, 3, 12, 75.0)).endswith(
        "] 3/12 parts, 1 min 15 s left"
    )
    assert progress_line(SummarizationProgress(2, 1, 1, 0.0)).endswith("] joining 1/1 parts")
    assert place("a.pdf", (3, 3)) == "a.pdf, page 3"
    assert place("a.pdf", (3, 7)) == "a.pdf, pages 3-7"
    item = ExtractedItem("Sales fell", "a.pdf", "a", 5, "Net sales\nwere down")
    assert item_line(1, item) == '[1] Sales fell (a.pdf, page 5)\n    "Net sales were down"'
