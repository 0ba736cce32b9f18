"""Finds rows of tables in the text of a chunk.

Readers write a row below its column heads as ``Head: value; Head: value``, and a row without heads
as ``value | value``; see ``ingest/tables/rows.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

_LABEL = re.compile(r"(?:^|; )(?P<head>[^:;|]{1,100}): ")
_SEPARATOR = " | "
_SENTENCE_END = re.compile(r"[.!?](?:\s|$)")
_ABBREVIATION = re.compile(
    r"\b(no|nr|num|qty|avg|max|min|approx|est|tel|art|dept|vol|temp|incl|excl|ref)\.", re.IGNORECASE
)
# A single name and its value, as in a form or the head of a letter.
_LONGEST_PAIR = 160
_MOST_HEAD_WORDS = 6
_NUMBER = re.compile(r"[^\w]*[\d.,]*\d[\d.,\s]*[^\w]*(?:[A-Za-z]{0,3})")
_YEAR = re.compile(r"(?:FY\s?)?(?:19|20)\d\d")


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its column's head, empty if it has none, and its text ``row.text[start:end]``."""

    head: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Row:
    """A row: the line ``chunk.text[start:end]``, and its cells from left to right."""

    text: str
    start: int
    end: int
    cells: tuple[Cell, ...]

    @property
    def heads(self) -> tuple[str, ...]:
        """The heads of the columns that the row fills."""
        return tuple(cell.head for cell in self.cells)


def rows_of(text: str) -> list[Row]:
    """Return the rows in a text, in order; the line that repeats the heads alone is none."""
    return [*_rows(text)]


def _rows(text: str) -> Iterator[Row]:
    block: list[Row] = []
    start = 0
    for line in text.split("\n"):
        row = _row(line, start)
        if row is None or (block and len(row.cells) > 1 and _is_bare(block[-1]) != _is_bare(row)):
            yield from _with_heads(block, row)
            block = []
        if row is not None:
            block.append(row)
        start += len(line) + 1
    yield from _with_heads(block, None)


def _row(line: str, offset: int) -> Row | None:
    cells = _labelled(line) or _bare(line)
    if not cells:
        return None
    return Row(line, offset, offset + len(line), tuple(cells))


def _labelled(line: str) -> list[Cell]:
    labels = [*_LABEL.finditer(line)]
    if not labels or _SEPARATOR in line[: labels[0].start()]:
        return []
    first = line[: labels[0].start()]
    cells = [Cell("", first, 0, len(first))] if first else []
    ends = [*(each.start() for each in labels[1:]), len(line)]
    for label, end in zip(labels, ends, strict=True):
        cells.append(Cell(label["head"], line[label.end() : end], label.end(), end))
    return [] if _is_prose(line, cells) else cells


def _is_prose(line: str, cells: Sequence[Cell]) -> bool:
    """Whether a line with colons and semicolons is a sentence rather than a row."""
    heads = [cell.head for cell in cells]
    if len(cells) == 1 and (len(line) > _LONGEST_PAIR or len(heads[0].split()) > _MOST_HEAD_WORDS):
        return True
    parts = [*heads, *(cell.text for cell in cells)]
    if any(part.count("(") != part.count(")") for part in parts):
        return True
    if any(_SENTENCE_END.search(_ABBREVIATION.sub("", head)) for head in heads):
        return True
    # A cell may hold sentences, but then the heads are short.
    lowered = any(head[:1].islower() for head in heads[1:])
    return bool(_SENTENCE_END.search(line)) and (lowered or len(cells) == 1)


def _bare(line: str) -> list[Cell]:
    if _SEPARATOR not in line:
        return []
    cells = []
    start = 0
    for part in line.split(_SEPARATOR):
        text = part.strip()
        if text:
            begin = start + part.index(text)
            cells.append(Cell("", text, begin, begin + len(text)))
        start += len(part) + len(_SEPARATOR)
    return cells


def _is_bare(row: Row) -> bool:
    return not any(row.heads)


def _with_heads(block: Sequence[Row], following: Row | None) -> Iterator[Row]:
    """Yield the rows of a block; bare ones with the heads of the first, if it has heads."""
    if not block or not _is_bare(block[0]):
        yield from block
        return
    texts = [cell.text for cell in block[0].cells]
    if len(block) == 1 and following is not None and set(following.heads) & set(texts):
        return
    if not _are_heads(block):
        yield from block
        return
    for row in block[1:]:
        if len(row.cells) == len(texts):
            cells = (replace(cell, head=text) for cell, text in zip(row.cells, texts, strict=True))
            yield replace(row, cells=tuple(cells))
        else:
            yield row


def _are_heads(block: Sequence[Row]) -> bool:
    """Whether the first of bare rows names the columns: words or years above numbers."""
    first, *others = block
    same = [row for row in others if len(row.cells) == len(first.cells)]
    if not same:
        return False
    heads = [cell.text for cell in first.cells[1:]]
    if any(is_number(head) and not _YEAR.fullmatch(head) for head in heads):
        return False
    values = [cell.text for row in same for cell in row.cells[1:]]
    numbers = [is_number(value) and not _YEAR.fullmatch(value) for value in values]
    return 2 * sum(numbers) > len(numbers)


def is_number(text: str) -> bool:
    """Whether a cell is a number, with the signs and letters of a unit."""
    return _NUMBER.fullmatch(text) is not None
