from __future__ import annotations

from pathlib import Path

import pytest

from carrel.core.documents import Section
from carrel.ingest.markup.restructured_text import RestructuredTextReader
from samples.documents import write_text


def read(tmp_path: Path, text: str) -> list[Section]:
    return list(RestructuredTextReader().read(write_text(tmp_path / "a.rst", text)))


def test_titles_begin_sections_and_lose_their_punctuation(tmp_path: Path) -> None:
    text = "intro\nmore\n\n=====\n One\n=====\na\nb\n\nc\n\nTwo\n---\n* d\n\nThree\n~~~~~\n\ne\n"
    assert read(tmp_path, text) == [
        Section("intro\nmore\n"),
        Section("One\na\nb\n\nc\n", heading="One"),
        Section("Two\n* d\n", heading="Two"),
        Section("Three\ne\n", heading="Three"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "a\n\n----\n\nb\n",
        "A longer line::\n\n  code\n  ----\n",
        "one\ntwo\n===\n",
        "A title that is longer\n--\n",
        "=====  =====\na      b\n=====  =====\n1      2\n=====  =====\n",
        "* item\n",
        "----\n",
    ],
)
def test_what_only_looks_like_a_title_is_text(tmp_path: Path, text: str) -> None:
    sections = read(tmp_path, text)
    assert [section.heading for section in sections] == [None]
    assert sections[0].text.split() == text.split()


def test_a_title_directly_below_a_title_and_at_the_end(tmp_path: Path) -> None:
    assert [each.heading for each in read(tmp_path, "One\n===\nTwo\n---\na\n\nEnd\n===")] == [
        "Two",
        "End",
    ]
