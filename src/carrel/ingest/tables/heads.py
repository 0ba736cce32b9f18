"""Finds the rows of a table that name its columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import takewhile

from carrel.ingest.tables.cell_kinds import (
    CellKind,
    is_range,
    is_series,
    is_year,
    kind_of,
    shape_of,
)
from carrel.ingest.tables.grid import TableRow
from carrel.ingest.tables.head_words import names_a_column

SAMPLE_ROWS = 24
"""Rows that are compared with the heads."""

CERTAIN = 2
"""Evidence of a head above a column of numbers."""

_MOST_HEADERS = 5
_MOST = 0.75
_HALF = 0.5
_LONG = 20
_LONGER = 3
# Values of a status repeat, its head does not.
_FEWEST_REPEATED = 4
_IMPOSSIBLE = -100


def header_rows(rows: Sequence[TableRow], least_score: int = 1) -> int:
    """Return how many of the first rows of a table are heads of its columns, zero if none.

    Rows that the file marks are; others have to differ from the rows below: words above numbers,
    years or dates above numbers that are none, short heads above longer or repeated values.
    ``least_score`` is the evidence required: 1 of any kind, ``CERTAIN`` of numbers.
    """
    marked = next((n for n, row in enumerate(rows) if not row.header), len(rows))
    if 0 < marked < len(rows):
        return _depth(rows, marked)
    depth = _depth(rows)
    if not 0 < depth < len(rows):
        return 0
    heads = joined_heads(rows[:depth])
    body = rows[depth:SAMPLE_ROWS]
    score = _score(heads, body)
    if score == 0:
        shown = rows[0].shown_as_header and not body[0].shown_as_header
        score = int(shown or _has_head_words(heads, body))
    return depth if score >= least_score else 0


def joined_heads(rows: Sequence[TableRow]) -> list[str]:
    """Return the head of each column, those of several rows joined: ``2022 Q1``."""
    width = max(len(row.cells) for row in rows)
    filled = [_filled_right(row, rows[number + 1 :]) for number, row in enumerate(rows)]
    heads = []
    for column in range(width):
        parts: list[str] = []
        for number, cells in enumerate(filled):
            text = cells[column] if column < len(cells) else ""
            if text and text not in parts and not (len(rows) > 1 and is_title(rows, number)):
                parts.append(text)
        heads.append(" ".join(parts))
    return heads


def is_title(rows: Sequence[TableRow], number: int) -> bool:
    """Whether one of the rows of heads is a title above the others."""
    row = rows[number]
    return row.is_title() and not (number and _names_the_index(rows[number - 1], row))


def _filled_right(row: TableRow, below: Sequence[TableRow]) -> list[str]:
    """Return the cells of an upper head row, blanks beside a head filled with it.

    A format without merged cells has the text of one in the first of its columns only.
    """
    cells = list(row.cells)
    if not below or row.left:
        return cells
    under = below[0].cells
    for column in range(1, max(len(cells), len(under))):
        blank = column >= len(cells) or not cells[column]
        if blank and column < len(under) and under[column] and column not in below[0].above:
            value = cells[column - 1] if column > 1 or not under[0] else ""
            cells[column : column + 1] = [value]
    return cells


def _depth(rows: Sequence[TableRow], depth: int = 1) -> int:
    """Return how many rows would be heads, by the merged or repeated cells in them."""
    while depth < min(len(rows) - 1, _MOST_HEADERS) and _continues(rows[depth - 1], rows[depth]):
        depth += 1
    return depth if all(any(row.cells) for row in rows[:depth]) else 0


def _continues(row: TableRow, below: TableRow) -> bool:
    """Whether the heads of a row are divided by those of the next one."""
    if row.is_title() or not any(below.cells):
        return False
    if _names_the_index(row, below):
        return True
    columns = range(1, min(len(row.cells), len(below.cells)))
    if not _may_be_heads(below) or below.cells[0] not in ("", row.cells[0]):
        return False
    if any(column in row.left and column not in below.left for column in columns):
        return True
    if row.left or 0 in below.above:
        return bool(below.above) and len(below.above) < len(below.cells)
    return any(
        below.cells[column]
        and (column >= len(row.cells) or row.cells[column] in ("", row.cells[column - 1]))
        for column in range(1, len(below.cells))
    )


def _names_the_index(row: TableRow, below: TableRow) -> bool:
    """Whether a row has the heads that are missing in the one above, and nothing else.

    So pandas writes the names of an index. Of a single one, which may also be the label of the
    rows below it, the word has to be one that usually names a column.
    """
    names = list(takewhile(bool, below.cells))
    count = len(names)
    if not 0 < count < len(row.cells) or any(below.cells[count:]) or not all(row.cells[count:]):
        return False
    # The last may be below the name of the columns themselves.
    if any(row.cells[: max(1, count - 1)]) or 0 in below.above or below.left:
        return False
    if any(kind_of(name) is not CellKind.WORDS for name in names):
        return False
    return count > 1 or names_a_column(names[0])


def _may_be_heads(row: TableRow) -> bool:
    kinds = [kind_of(cell) for cell in row.cells if cell]
    numbers = [cell for cell in row.cells if kind_of(cell) is CellKind.NUMBER]
    return (CellKind.WORDS in kinds and not numbers) or _are_number_heads(numbers)


def _are_number_heads(cells: Sequence[str]) -> bool:
    """Whether numbers may name columns: years, or whole numbers equally far apart."""
    return bool(cells) and (all(map(is_year, cells)) or is_series(list(dict.fromkeys(cells))))


def _score(heads: Sequence[str], body: Sequence[TableRow]) -> int:
    """Return the evidence that these are heads of these rows; below zero, that they are not."""
    named = [head for head in heads if head]
    if len(named) < min(2, len(heads)) and (len(heads) < 2 or heads[0] or not named):
        return _IMPOSSIBLE
    if not _allows_blanks(heads, body) or _is_key_value(heads, body):
        return _IMPOSSIBLE
    columns = [_values(body, column) for column in range(len(heads))]
    numbers = [column for column, head in enumerate(heads) if _is_number(head)]
    score = 0
    if numbers:
        if not _number_heads_fit(heads, body, numbers):
            return _IMPOSSIBLE
        score = CERTAIN
    elif not heads[0] and all(heads[1:]) and all(row.cells[:1] != [""] for row in body):
        # An empty corner.
        score = 1
    for column, (head, values) in enumerate(zip(heads, columns, strict=True)):
        if head and values and column not in numbers:
            score += _column_score(head, values, len(named))
    return score


def _allows_blanks(heads: Sequence[str], body: Sequence[TableRow]) -> bool:
    """Whether blanks among the heads are an empty corner, or few."""
    used = [column for column in range(len(heads)) if any(_values(body, column))]
    blank = [column for column in used if not heads[column]]
    return blank in ([], [0]) or len(blank) <= _HALF * len(used)


def _is_key_value(heads: Sequence[str], body: Sequence[TableRow]) -> bool:
    """Whether two columns are names and values: the first names what usually heads a column."""
    if len([head for head in heads if head]) != 2 or len(heads) != 2 or not heads[0]:
        return False
    names = _values(body, 0)
    if heads[0].endswith((":", "：")):
        return True
    return names_a_column(heads[0]) and sum(map(names_a_column, names)) >= _HALF * len(names)


def _number_heads_fit(
    heads: Sequence[str], body: Sequence[TableRow], numbers: Sequence[int]
) -> bool:
    """Whether numbers or dates among the heads differ from the values below them."""
    cells = [heads[column] for column in numbers]
    values = [value for column in numbers for value in _values(body, column)]
    if not values or len(set(cells)) < len(cells):
        return False
    dates = [kind_of(cell) is CellKind.DATE for cell in cells]
    if all(dates):
        return _share(kind_of(value) is CellKind.DATE for value in values) < _HALF
    if len(cells) > 1 and all(map(is_range, cells)) and _share(map(is_range, values)) < _HALF:
        return True
    if all(map(is_year, cells)) and _share(map(is_year, values)) < _HALF:
        return len(cells) > 1 or _share(map(_is_number, values)) > _HALF
    below = ([row.cells[each] for each in numbers if each < len(row.cells)] for row in body)
    return 0 not in numbers and is_series(cells) and not _any_in_step(cells, below)


def _any_in_step(cells: Sequence[str], rows: Iterable[Sequence[str]]) -> bool:
    step = int(cells[1]) - int(cells[0])
    return any(is_series(row) and int(row[1]) - int(row[0]) == step for row in rows)


def _column_score(head: str, values: Sequence[str], width: int) -> int:
    """Return the evidence of one of ``width`` columns; a head like its values is none."""
    shapes = [shape_of(value) for value in values]
    if head in values or ("0" in shape_of(head) and shape_of(head) in shapes):
        return _IMPOSSIBLE
    kinds = [kind_of(value) for value in values]
    for kind in (CellKind.NUMBER, CellKind.DATE):
        if _share(each is kind for each in kinds) >= _MOST:
            return CERTAIN
    letters = [value for value in values if value[:1].isalpha()]
    different = (
        _share("0" in shape for shape in shapes) >= _MOST and "0" not in shape_of(head),
        _share("@" in value or "://" in value for value in values) >= _MOST,
        head.isupper() and len(head) > 1 and not any(value.isupper() for value in values),
        "_" in head and not any("_" in value for value in values),
        # In two columns this may be a value beside its name.
        width > 2 and " " not in head and _share(" " in value for value in values) >= _MOST,
        bool(letters) and head[:1].isupper() and all(each[0].islower() for each in letters),
        bool(letters) and head[:1].islower() and all(each[0].isupper() for each in letters),
        len(values) >= _FEWEST_REPEATED and len(set(values)) <= _HALF * len(values),
        sum(map(len, values)) > len(values) * max(_LONG, _LONGER * len(head)),
    )
    return int(any(different))


def _has_head_words(heads: Sequence[str], body: Sequence[TableRow]) -> bool:
    """Whether at least two heads, or half of them, usually name columns, and no row does."""
    known = sum(map(names_a_column, heads))
    rows = [sum(map(names_a_column, row.cells)) for row in body]
    return known >= max(1, min(2, _HALF * len(heads))) and max(rows) < known


def _is_number(head: str) -> bool:
    return kind_of(head) in (CellKind.NUMBER, CellKind.DATE)


def _values(body: Iterable[TableRow], column: int) -> list[str]:
    return [
        row.cells[column]
        for row in body
        if column < len(row.cells) and kind_of(row.cells[column]) is not CellKind.NOTHING
    ]


def _share(found: Iterable[bool]) -> float:
    flags = list(found)
    return sum(flags) / len(flags) if flags else 0.0
