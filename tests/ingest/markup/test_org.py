from __future__ import annotations

from pathlib import Path

from carrel.core.documents import Section
from carrel.ingest.markup.org import OrgReader
from samples.documents import write_text


def read(tmp_path: Path, text: str) -> list[Section]:
    return list(OrgReader().read(write_text(tmp_path / "a.org", text)))


def test_headlines_begin_sections(tmp_path: Path) -> None:
    assert read(tmp_path, "#+TITLE: Plan\nintro\n\n* One\na\nb\n\nc\n** Two\n- d\n") == [
        Section("Plan\nintro\n", heading="Plan"),
        Section("One\na\nb\n\nc\n", heading="One"),
        Section("Two\n- d\n", heading="Two"),
    ]


def test_states_priorities_and_tags_are_no_part_of_the_heading(tmp_path: Path) -> None:
    text = "* TODO [#A] Buy milk  :home:shop:\nx\n* DONE\ny\n* Ratio 1:2\nz\n* [#B] b\nw\n"
    assert [section.heading for section in read(tmp_path, text)] == [
        "Buy milk",
        "DONE",
        "Ratio 1:2",
        "b",
    ]


def test_bold_and_indented_stars_are_text(tmp_path: Path) -> None:
    text = "*bold* start\n  * item\n"
    assert read(tmp_path, text) == [Section("*bold* start\n  * item\n")]


def test_a_headline_of_half_a_million_blanks_is_read(tmp_path: Path) -> None:
    sections = read(tmp_path, "* a" + " " * 500_000 + "b :t" + ":" * 200_000 + "\nend\n")
    assert {section.heading for section in sections} == {"a b"}
    assert sections[-1].text.endswith("end\n")
