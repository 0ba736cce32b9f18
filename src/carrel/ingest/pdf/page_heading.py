"""What a page of a PDF is about, read off its first lines."""

from __future__ import annotations

import re
from collections import Counter

LINES = 10
"""Lines at the head of a page among which its heading is looked for; one word may fill a line."""

LONGEST_LINE = 100
LONGEST_HEADING = 120
"""Most characters of a heading; what is longer is left off at the end of a line."""

RUNNING = 3
"""A line that stood at the head of so many pages before is the document's, not the page's."""

LEAST_BODY = 4
"""A page has to be so many times as long as its heading: else the heading is all there is."""

_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]{3,}")
_PROSE_END = re.compile(r"[.,;:!?。，；：！？]$")


class PageHeadings:
    """Finds the headings of one document's pages, given in order.

    The heading of a page are the lines at its top that look like one: short, of letters rather
    than numbers, beginning with a capital (or in a script without them), not ending as a sentence
    does. Running heads are passed over, whatever number they carry. A page that begins in the
    middle of a text has none.
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
