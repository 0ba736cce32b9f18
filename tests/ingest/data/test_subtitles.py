from __future__ import annotations

from pathlib import Path

import pytest

from carrel.core.documents import Section
from carrel.core.errors import EmptyDocument, UnreadableDocument
from carrel.ingest.data.subtitles import SubtitleReader
from samples.documents import write_text


def read(tmp_path: Path, text: str, encoding: str = "utf-8") -> list[Section]:
    return list(SubtitleReader().read(write_text(tmp_path / "a.srt", text, encoding)))


def test_cues_are_lines_without_their_numbers_and_the_times_are_the_heading(
    tmp_path: Path,
) -> None:
    text = (
        "1\n00:00:01,000 --> 00:00:02,500\n- Guten <i>Tag</i>,\n- Grüß Gott.\n\n"
        "2\n01:02:03,000 --> 01:02:04,900 X1:40\n{\\an8}1984 &amp; <font color='#fff'>so</font>\n"
    )
    assert read(tmp_path, text, "utf-8-sig") == [
        Section("- Guten Tag, - Grüß Gott.\n1984 & so", heading="00:00:01 – 01:02:04")
    ]


def test_speakers_stay_and_what_is_not_spoken_goes(tmp_path: Path) -> None:
    text = (
        "WEBVTT - Talk\nKind: captions\n\nSTYLE\n::cue { color: red }\n\n"
        "NOTE a comment\nof two lines\n\n"
        "intro\n00:01.000 --> 00:02.000 align:start\n<v.loud Ada>One <00:01.500><c.red>two</c>\n\n"
        "NOTE later\n\n00:03.000 --> 00:04.000\n<v Bob>three\n"
    )
    assert read(tmp_path, text) == [
        Section("Ada: One two\nBob: three", heading="00:00:01 – 00:00:04")
    ]


def test_a_blank_line_does_not_end_what_is_said(tmp_path: Path) -> None:
    text = "1\n00:00:01,0 --> 00:00:02,0\none\n\nmore\n2\n00:00:03,0 --> 00:00:04,0\n2001\n"
    assert [each.text for each in read(tmp_path, text)] == ["one more\n2001"]


def test_captions_that_roll_are_read_once(tmp_path: Path) -> None:
    text = (
        "WEBVTT\n\n00:01.000 --> 00:02.000\none\n\n00:02.000 --> 00:02.010\none\n\n"
        "00:02.010 --> 00:03.000\none\ntwo\n\n00:09.000 --> 00:10.000\ntwo\n"
    )
    assert [each.text for each in read(tmp_path, text)] == ["one\ntwo\ntwo"]


def test_long_subtitles_are_cut_between_cues(tmp_path: Path) -> None:
    cues = [
        f"{number}\n00:{number:02}:00,000 --> 00:{number:02}:30,000\n{'word ' * 120}\n"
        for number in range(10)
    ]
    sections = read(tmp_path, "\n".join(cues))
    assert [section.heading for section in sections] == [
        "00:00:00 – 00:01:30",
        "00:02:00 – 00:03:30",
        "00:04:00 – 00:05:30",
        "00:06:00 – 00:07:30",
        "00:08:00 – 00:09:30",
    ]


def test_text_without_times_is_no_subtitles(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match="no line in it has times"):
        read(tmp_path, "one\ntwo\n")
    with pytest.raises(EmptyDocument):
        read(tmp_path, "\n \n")
