"""Running heads and feet of a PDF document, kept out of the text that runs over its pages."""

from __future__ import annotations

import re
from itertools import takewhile

MOST_LINES = 3
"""Lines at the top, and at the bottom, of a page that may repeat those of the page before."""

_NUMBER = re.compile(r"\d+")
_PAGE = re.compile(
    r"(?i)\b(?:page|p\.|seite|página|pagina|sida|side|strona|стр)(?=\W)|[页頁]|ページ"
)
_TABLE_ROW = " | "
# The rest of a line with the number of its page: "Annual Report 12".
_FEWEST_WORDS = 2


class RunningLines:
    """Moves lines at the top of a page that are at the top of an earlier page, too, to its end.

    Pages are given in order. A line repeats another one if both are equal, or differ by the number
    of their page. Those at the bottom are at the page's end already.
    """

    def __init__(self) -> None:
        self._page = 0
        self._seen: set[tuple[str, int | None]] = set()

    def moved(self, text: str) -> str:
        """Return the text of the next page with its running heads at the end."""
        self._page += 1
        lines = text.split("\n")
        top = [line for line in lines[: 2 * MOST_LINES] if line.strip()][:MOST_LINES]
        keys = {line: self._keys(line) for line in top}
        running = list(takewhile(lambda line: not self._seen.isdisjoint(keys[line]), top))
        self._seen.update(*keys.values())
        if not running or len(running) == sum(bool(line.strip()) for line in lines):
            return text
        rest = lines[lines.index(running[-1]) + 1 :]
        return "\n".join([*rest, *running]).lstrip("\n")

    def _keys(self, line: str) -> set[tuple[str, int | None]]:
        """Return what a line has in common with its repetitions."""
        words = " ".join(line.split())
        if _TABLE_ROW in words:
            return set()
        keys: set[tuple[str, int | None]] = {(words, None)}
        for number in _NUMBER.finditer(words):
            rest = f"{words[: number.start()]}#{words[number.end() :]}"
            edge = number.start() == 0 or number.end() == len(words)
            long = len(rest.replace("#", " ").split()) >= _FEWEST_WORDS
            if (edge and long) or not any(map(str.isalpha, rest)) or _PAGE.search(rest):
                keys.add((rest, int(number[0][:9]) - self._page))
        return keys
