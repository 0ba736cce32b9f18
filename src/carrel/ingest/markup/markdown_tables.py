"""Tables of Markdown (GitHub Flavored Markdown, section 4.10)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from carrel.ingest.tables.grid import TableRow
from carrel.ingest.tables.rows import row_lines
from carrel.ingest.text.blocks import Block

_DELIMITERS = re.compile(r" {0,3}\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*")
_PIPE = re.compile(r"(?<!\\)\|")
_MARKED = re.compile(r"(\*\*|__|\*|_|`)(.+)\1")
_BREAK = re.compile(r"\s*<br\s*/?>\s*", re.IGNORECASE)
MOST_HEAD_ROWS = 3
_CODE_INDENT = "    "


def with_tables(items: Iterable[str | Block]) -> Iterator[str | Block]:
    """Yield lines and blocks, with each row of a table as other readers write it.

    A table is a line of heads, a line of hyphens with as many cells, and the lines below it up to a
    blank one. Some write several lines of heads, whose texts are joined. Code comes as a text of
    several lines and is passed on.
    """
    rest = _Ahead(items)
    for item in rest:
        heads = [_piped_cells(item)]
        held = [item]
        while heads[0] and len(held) < MOST_HEAD_ROWS and _continues(heads[0], rest.next):
            held.append(next(rest))
            heads.append(_piped_cells(held[-1]))
        if not heads[0] or not _are_delimiters(rest.next, len(heads[0])):
            yield from held
            continue
        next(rest)
        yield ""
        yield from row_lines(_rows(heads, rest))
        yield ""


class _Ahead:
    """An iterator that shows its next item; None at the end."""

    def __init__(self, items: Iterable[str | Block]) -> None:
        self._items = iter(items)
        self.next = next(self._items, None)

    def __iter__(self) -> _Ahead:
        return self

    def __next__(self) -> str | Block:
        if (item := self.next) is None:
            raise StopIteration
        self.next = next(self._items, None)
        return item


def _piped_cells(item: str | Block | None) -> list[str]:
    return _cells(item) if isinstance(item, str) and "|" in item else []


def _continues(heads: list[str], item: str | Block | None) -> bool:
    """Whether a line may be a further line of heads."""
    cells = _piped_cells(item)
    return len(cells) == len(heads) and not _are_delimiters(item, len(heads))


def _are_delimiters(item: str | Block | None, columns: int) -> bool:
    if not isinstance(item, str) or not _DELIMITERS.fullmatch(item):
        return False
    return "|" in item and len(_cells(item)) == columns


def _rows(heads: list[list[str]], rest: _Ahead) -> Iterator[TableRow]:
    width = len(heads[0])
    yield from (TableRow(each, header=True) for each in heads)
    while isinstance(rest.next, str) and (cells := _cells(rest.next)):
        next(rest)
        yield TableRow([*cells, *[""] * (width - len(cells))])


def _cells(line: str) -> list[str]:
    """Return the cells of a row; none of a blank line and of code."""
    row = line.strip()
    if not row or "\n" in row or line.startswith(_CODE_INDENT):
        return []
    parts = _PIPE.split(row)
    # A row may begin and end with a pipe.
    parts = parts[1:] if not parts[0] else parts
    parts = parts[:-1] if len(parts) > 1 and not parts[-1].strip() else parts
    return [_plain(each.replace("\\|", "|").strip()) for each in parts]


def _plain(cell: str) -> str:
    marked = _MARKED.fullmatch(cell)
    if marked and marked[1] not in marked[2]:
        cell = marked[2]
    return _BREAK.sub(" ", cell)
