"""Formats table rows as self-contained lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from carrel.core.documents import Section

GROUP_CHARACTERS = 1_500
# A label is repeated in every row.
_LABEL_CHARACTERS = 100
_NUMBER = re.compile(r"[-+(]?[^\w\s]?\s?\d[\d.,:/\s-]*[^\w\s]?\)?%?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d.*")


def row_lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield one line per row that is not blank; cells must be clean text without line breaks.

    Below a header row a line reads ``Header: value; Header: value``, elsewhere ``value | value``.
    The header is the first row of two or more cells, if they are all text and all different. After
    a blank row another header may follow, if the row after it is not all text.
    """
    header: Sequence[str] | None = None
    searching, after_blank = True, False
    for row, following in _with_following(rows):
        if not any(row):
            after_blank = True
            continue
        filled = [cell for cell in row if cell]
        could_be = _could_be_header(filled)
        if could_be and (searching or (after_blank and _holds_number(following))):
            header, searching = [cell[:_LABEL_CHARACTERS] for cell in row], False
            yield " | ".join(filled)
        elif header is None or len(filled) == 1:
            searching = searching and len(filled) == 1
            yield " | ".join(filled)
        else:
            yield _labelled(header, row)
        after_blank = False


def sections_of_lines(
    lines: Iterable[str],
    page: int | None = None,
    heading: str | None = None,
    page_count: int | None = None,
) -> Iterator[Section]:
    """Yield sections of several lines each, about ``GROUP_CHARACTERS`` long; no line is cut."""
    group: list[str] = []
    length = 0
    for line in lines:
        if group and length + len(line) > GROUP_CHARACTERS:
            yield Section("\n".join(group), page, heading, page_count)
            group, length = [], 0
        group.append(line)
        length += len(line) + 1
    if group:
        yield Section("\n".join(group), page, heading, page_count)


def _with_following(
    rows: Iterable[Sequence[str]],
) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    previous: Sequence[str] | None = None
    for row in rows:
        if previous is not None:
            yield previous, row
        previous = row
    if previous is not None:
        yield previous, ()


def _could_be_header(filled: Sequence[str]) -> bool:
    return len(filled) > 1 and len(set(filled)) == len(filled) and not _holds_number(filled)


def _holds_number(cells: Sequence[str]) -> bool:
    return any(_NUMBER.fullmatch(cell) or _DATE.fullmatch(cell) for cell in cells if cell)


def _labelled(header: Sequence[str], row: Sequence[str]) -> str:
    parts = []
    for index, cell in enumerate(row):
        if cell:
            label = header[index] if index < len(header) else ""
            parts.append(f"{label}: {cell}" if label else cell)
    return "; ".join(parts)
