"""Running heads and feet of a PDF document, kept out of the text that runs over its pages."""

from __future__ import annotations

import re

MOST_LINES = 3
"""Lines at the top of a page that may repeat those of a page before."""

LAST_PAGES = 4
"""Heads of left and right pages differ, and a chapter may begin without one."""

_Key = tuple[str, int | None]

_NUMBER = re.compile(r"\d+")
_PAGE = re.compile(
    r"(?i)\b(?:page|p\.|seite|página|pagina|sida|side|strona|стр)(?=\W)|[页頁]|ページ"
)
_TABLE_ROW = " | "
# The rest of a line with the number of its page: "Annual Report 12".
_FEWEST_WORDS = 2


class RunningLines:
    """Moves lines at the top of a page that are at the top of earlier pages, too, to its end.

    Pages are given in order. A line repeats another one if both are equal, or differ by the number
    of their page. One such page is enough for a line in the upper margin; a line of the text is
    rather a title that is repeated, unless it is on two of the last pages. Those at the bottom are
    at the page's end already.
    """

    def __init__(self) -> None:
        self._page = 0
        self._seen: dict[_Key, list[int]] = {}

    def moved(self, text: str, in_margin: int = 0) -> str:
        """Return the text of the next page with its running heads at the end.

        ``in_margin`` is how many lines of it are in the upper margin.
        """
        self._page += 1
        lines = text.split("\n")
        filled = [number for number, line in enumerate(lines) if line.strip()]
        top = filled[:MOST_LINES]
        keys = [
            set() if place >= in_margin and _is_row(lines[number]) else self._keys(lines[number])
            for place, number in enumerate(top)
        ]
        count = 0
        while count < len(top) and self._is_running(keys[count], count < in_margin):
            count += 1
        for key in set[_Key]().union(*keys):
            self._seen[key] = [*self._seen.get(key, ()), self._page][-LAST_PAGES:]
        if not count or count == len(filled):
            return text
        rest = lines[filled[count] :]
        return "\n".join([*rest, *(lines[number] for number in top[:count])])

    def _is_running(self, keys: set[_Key], in_margin: bool) -> bool:
        earliest = self._page - LAST_PAGES
        return any(
            sum(page >= earliest for page in self._seen.get(key, ())) >= (1 if in_margin else 2)
            for key in keys
        )

    def _keys(self, line: str) -> set[_Key]:
        """Return what a line has in common with its repetitions."""
        words = " ".join(line.split())
        if _TABLE_ROW in words:
            return set()
        keys: set[_Key] = {(words, None)}
        for number in _NUMBER.finditer(words):
            rest = f"{words[: number.start()]}#{words[number.end() :]}"
            edge = number.start() == 0 or number.end() == len(words)
            long = len(rest.replace("#", " ").split()) >= _FEWEST_WORDS
            if (edge and long) or not any(map(str.isalpha, rest)) or _PAGE.search(rest):
                keys.add((rest, int(number[0][:9]) - self._page))
        return keys


def _is_row(line: str) -> bool:
    """Whether a line looks like a row of a table below its heads: ``Head: value; Head: value``."""
    first, _, following = line.partition("; ")
    return ": " in first and ": " in following
