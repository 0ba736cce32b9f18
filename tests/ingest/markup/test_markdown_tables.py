"""Tables of Markdown become rows with their heads."""

from __future__ import annotations

from pathlib import Path

import pytest

from carrel.ingest.markup.markdown import MarkdownReader


def lines(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "a.md"
    path.write_text(text)
    read = "\n".join(each.text for each in MarkdownReader().read(path))
    return [line for line in read.split("\n") if line]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("| a | b |\n|---|---|\n| 1 | 2 |", ["a | b", "a: 1; b: 2"]),
        ("a | b\n:-- | --:\n1 | 2", ["a | b", "a: 1; b: 2"]),
        ("|a|b|c|\n|:-:|-|-|\n|1||2|", ["a | b | c", "a: 1; c: 2"]),
        ("| a | b |\n|---|---|\n| 1 | 2 | 3 |", ["a | b", "a: 1; b: 2; 3"]),
        ("| **a** | `b` |\n|---|---|\n| x \\| y | 1<br>2 |", ["a | b", "a: x | y; b: 1 2"]),
        (
            "| Item | Q1 | Q2 |\n| | Jan-Mar | Apr-Jun |\n|---|---|---|\n| Tax | 1 | 2 |",
            ["Item | Q1 Jan-Mar | Q2 Apr-Jun", "Item: Tax; Q1 Jan-Mar: 1; Q2 Apr-Jun: 2"],
        ),
        (
            "Above.\n| (in millions) | 2022 |\n|---|---|\n| Revenue | 34.2 |\n\nBelow.",
            ["Above.", "(in millions) | 2022", "Revenue; 2022: 34.2", "Below."],
        ),
    ],
)
def test_a_table_becomes_rows(tmp_path: Path, text: str, rows: list[str]) -> None:
    assert lines(tmp_path, text) == rows


@pytest.mark.parametrize(
    "text",
    [
        "```\n| a | b |\n|---|---|\n| 1 | 2 |\n```",
        "Code:\n\n    | a | b |\n    |---|---|\n    | 1 | 2 |",
        "| a | b |\n| c | d |",
        "| a | b |\n| c | d |\n| e | f |\n| g | h |\n| i |",
        "| a | b |\n|---|\n| 1 | 2 |",
        "One | two\n\n--- | ---",
    ],
    ids=[
        "fenced",
        "indented",
        "no delimiters",
        "many lines",
        "too few of them",
        "a blank line between",
    ],
)
def test_other_lines_stay_as_they_are(tmp_path: Path, text: str) -> None:
    assert lines(tmp_path, text) == [line for line in text.split("\n") if line]
