from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from carrel.core.documents import Section
from carrel.ingest.markup.markdown import MarkdownReader
from samples.documents import write_markdown


def read(tmp_path: Path, text: str) -> list[Section]:
    return list(MarkdownReader().read(write_markdown(tmp_path / "a.md", text)))


def headings(tmp_path: Path, text: str) -> list[str | None]:
    return [section.heading for section in read(tmp_path, text)]


def test_sections_begin_at_headings_and_keep_paragraphs_apart(tmp_path: Path) -> None:
    assert read(tmp_path, "intro\n\n# One #\na\nb\n\nc\n## Two\n* d\n") == [
        Section("intro\n"),
        Section("One\na\nb\n\nc\n", heading="One"),
        Section("Two\n* d\n", heading="Two"),
    ]


@pytest.mark.parametrize("fence", ["```", "~~~", "````", "```python"])
def test_a_hash_in_fenced_code_is_no_heading(tmp_path: Path, fence: str) -> None:
    closing = fence.removesuffix("python")
    text = f"# Code\n{fence}\n# a comment\n\n```x\n{closing}\n\n# Next\nb\n"
    sections = read(tmp_path, text)
    assert [section.heading for section in sections] == ["Code", "Next"]
    assert "# a comment" in sections[0].text


def test_an_unclosed_fence_runs_to_the_end(tmp_path: Path) -> None:
    assert headings(tmp_path, "# One\n```\n# no\n\n# no\n") == ["One"]


@pytest.mark.parametrize(
    "code",
    ["```\n# a\n\n\nb\n```", "- item\n\n  ~~~\n  # a\n\n\n  b\n  ~~~", "    # a\n\n\n    b"],
)
def test_code_is_kept_as_it_is(tmp_path: Path, code: str) -> None:
    assert read(tmp_path, f"# One\n\n{code}\n") == [Section(f"One\n{code}\n", heading="One")]


def test_a_hash_in_a_comment_is_no_heading(tmp_path: Path) -> None:
    text = "# One\n<!--\n# no\n\n## no\n-->\n# Two\nb\n"
    assert headings(tmp_path, text) == ["One", "Two"]
    assert "## no" in read(tmp_path, text)[0].text


def test_underlined_lines_are_headings(tmp_path: Path) -> None:
    assert headings(tmp_path, "One\n===\na\n\nTwo\n---\nb\n") == ["One", "Two"]


def test_the_last_line_of_an_underlined_paragraph_is_the_heading(tmp_path: Path) -> None:
    assert read(tmp_path, "a\nb\nOne\n---\nc\n") == [
        Section("a\nb\n"),
        Section("One\nc\n", heading="One"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "a\n\n---\n\nb\n",
        "- item\n---\n",
        "| a |\n---\n",
        "#hashtag\n",
        "    # code\n",
        "####### 7\n",
    ],
)
def test_what_only_looks_like_a_heading_is_text(tmp_path: Path, text: str) -> None:
    assert headings(tmp_path, text) == [None]


def test_metadata_at_the_top_is_text(tmp_path: Path) -> None:
    sections = read(tmp_path, "---\ntitle: x\n# comment\n---\n# One\na\n")
    assert [section.heading for section in sections] == [None, "One"]
    assert "title: x" in sections[0].text


def test_a_rule_at_the_top_does_not_hide_the_headings(tmp_path: Path) -> None:
    assert headings(tmp_path, "---\n\n# One\na\n\n---\n\n# Two\nb\n") == [None, "One", "Two"]


def test_a_heading_of_half_a_million_blanks_is_read_and_shortened(tmp_path: Path) -> None:
    sections = read(tmp_path, "# a" + " " * 500_000 + "b\n" + "- " * 100_000 + "\nend\n")
    assert {section.heading for section in sections} == {"a b"}
    assert sections[-1].text.endswith("end\n")


@pytest.mark.parametrize(
    ("begin", "line", "end"),
    [
        ("```", "# *", "```"),
        ("<!--", "# *", "-->"),
        ("", "- *", ""),
        ("", "> *", ""),
        ("", "*", ""),
        ("", "*\n", ""),
        ("", "    # *\n", ""),
        ("", "| a | * |", ""),
    ],
)
def test_long_blocks_are_parsed_as_short_ones(
    tmp_path: Path, begin: str, line: str, end: str
) -> None:
    lines = [line.replace("*", "words " * 40)] * 6_000
    text = "\n".join([begin, *lines, end])
    sections = read(tmp_path, f"# One\n{text}\n\n# Two\nb\n")
    assert list(dict.fromkeys(section.heading for section in sections)) == ["One", "Two"]
    found = " ".join(section.text for section in sections)
    assert found.split() == ["One", *text.split(), "Two", "b"]


def test_memory_does_not_grow_with_the_document(tmp_path: Path) -> None:
    def peak(repeats: int) -> int:
        part = "# One\n\n- a\n- b\n\n" + "some words " * 60 + "\n\n"
        path = write_markdown(tmp_path / "a.md", part * repeats)
        tracemalloc.start()
        try:
            for _ in MarkdownReader().read(path):
                pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(2_000) < 1.5 * peak(500)
