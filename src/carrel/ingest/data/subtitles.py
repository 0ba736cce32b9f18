"""Reader of subtitles (SubRip and WebVTT), cue by cue."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

from carrel.core.documents import Section
from carrel.core.errors import UnreadableDocument
from carrel.ingest.data.line_sections import GROUP_CHARACTERS
from carrel.ingest.failures import checked_sections
from carrel.ingest.text.cleaning import one_line
from carrel.ingest.text.text import text_lines

_TIME = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{2})[.,]\d{1,3}"
_TIMES = re.compile(rf"{_TIME}\s*-->\s*{_TIME}")
_NOT_SPOKEN = ("WEBVTT", "NOTE", "STYLE", "REGION")
_SPEAKER = re.compile(r"<v(?:\.[\w.-]{1,100})?\s+([^<>]{1,100})>")
_MARKUP = re.compile(r"</?[a-zA-Z0-9][^<>]{0,200}>|\{\\[^{}]{0,200}\}")
_MOST_LINES = 1_000


class SubtitleReader:
    """Reads one line per cue; the heading of a section is its time range.

    Markup and positions are dropped, names of speakers are kept. Rolling captions repeat the
    previous line; it is read once.
    """

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        """Yield sections of several cues each; there are no pages.

        Raises:
            UnreadableDocument: there are no times in it.
        """
        gathered: list[str] = []
        begin = end = length = 0
        for cue in _without_repeats(_cues(text_lines(path))):
            text = _spoken(cue.lines)
            if gathered and length + len(text) > GROUP_CHARACTERS:
                yield Section("\n".join(gathered), heading=f"{_clock(begin)} – {_clock(end)}")
                gathered, length = [], 0
            if text:
                begin = begin if gathered else cue.begin
                end = cue.end
                gathered.append(text)
                length += len(text) + 1
        if gathered:
            yield Section("\n".join(gathered), heading=f"{_clock(begin)} – {_clock(end)}")


@dataclass(slots=True)
class _Cue:
    """Text that is shown during a time range."""

    begin: int
    end: int
    lines: list[str] = field(default_factory=list)


def _cues(lines: Iterable[str]) -> Iterator[_Cue]:
    cue: _Cue | None = None
    # A line is held back until the next one shows that it is no number or name of a cue.
    held, held_begins_block = "", False
    block_begins, skipped = True, False
    anything = False
    for line in (each.strip() for each in lines):
        anything = anything or bool(line)
        times = _TIMES.match(line)
        if times:
            if cue is not None:
                if held and not held_begins_block and not held.isdecimal():
                    cue.lines.append(held)
                yield cue
            cue = _Cue(_seconds(*times.group(1, 2, 3)), _seconds(*times.group(4, 5, 6)))
            held, block_begins, skipped = "", False, False
            continue
        if cue is not None and held:
            cue.lines.append(held)
            if len(cue.lines) >= _MOST_LINES:
                yield cue
                cue = _Cue(cue.begin, cue.end)
        skipped = bool(line) and (skipped or (block_begins and line.startswith(_NOT_SPOKEN)))
        held, held_begins_block = "" if skipped else line, block_begins
        block_begins = not line
    if cue is not None:
        if held:
            cue.lines.append(held)
        yield cue
    elif anything:
        raise UnreadableDocument(
            "it holds no subtitles: no line in it has times; rename it to end in .txt if it is text"
        )


def _without_repeats(cues: Iterable[_Cue]) -> Iterator[_Cue]:
    """Drop lines that are only carried over from one cue to the next."""
    before: _Cue | None = None
    for cue in cues:
        shown = list(cue.lines)
        if before is not None and before.lines and cue.begin <= before.end:
            while cue.lines and cue.lines[0] in before.lines:
                cue.lines.pop(0)
        yield cue
        before = _Cue(cue.begin, cue.end, shown)


def _spoken(lines: Iterable[str]) -> str:
    text = _SPEAKER.sub(r"\1: ", " ".join(lines))
    return one_line(unescape(_MARKUP.sub("", text)))


def _seconds(hours: str | None, minutes: str, seconds: str) -> int:
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
