"""Headings of PDF pages, from their first lines."""

from __future__ import annotations

import re
from collections import Counter

LINES = 10
"""Lines at the top of a page that may be its heading; one word may fill a line."""

LONGEST_LINE = 100
LONGEST_HEADING = 120
"""Maximum characters of a heading; longer ones are cut at the end of a line."""

RUNNING = 3
"""A line at the top of so many earlier pages belongs to the document, not to the page."""

LEAST_BODY = 4
"""Minimum length of a page relative to its heading: otherwise the heading is the whole page."""

_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]{3,}")
_PROSE_END = re.compile(r"[.,;:!?。，；：！？]$")


class PageHeadings:
    """Finds the headings of one document's pages, given in order.

    The heading of a page is made of the lines at its top that look like one: short, letters rather
    than numbers, capitalised (or in a script without capitals), not ending like a sentence. Running
    heads are skipped, whatever number they contain. A page that begins within a text has none.
    """

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def of(self, text: str) -> str | None:
        """Return the heading of the next page, on one line, or None."""
        lines = [line for line in map(_on_one_line, text.splitlines()[: 2 * LINES]) if line]
        top = lines[:LINES]
        keys = [_key(line) for line in top]
        kept: list[str] = []
        for line, key in zip(top, keys, strict=True):
            if self._seen[key] >= RUNNING or not _LETTER.search(line):
                continue
            if not _looks_like_heading(line) or _length([*kept, line]) > LONGEST_HEADING:
                break
            kept.append(line)
        self._seen.update(set(keys))
        heading = " ".join(kept)
        if not _WORD.search(heading) or len(text) < LEAST_BODY * len(heading):
            return None
        return heading


def _on_one_line(line: str) -> str:
    return " ".join(line.split())


def _key(line: str) -> str:
    return re.sub(r"\d+", "#", line.casefold())


def _length(lines: list[str]) -> int:
    return len(" ".join(lines))


def _looks_like_heading(line: str) -> bool:
    letters = sum(map(str.isalpha, line))
    first = next((each for each in line if each.isalpha()), "")
    return (
        len(line) <= LONGEST_LINE
        and 2 * letters >= len(line.replace(" ", ""))
        and not first.islower()
        and not _PROSE_END.search(line)
        and " | " not in line
    )
