"""Text of a PDF page with tables, row by row."""

from __future__ import annotations

import ctypes
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import takewhile

import pypdfium2
import pypdfium2.raw as pdfium

from carrel.ingest.pdf.fragments import Fragment
from carrel.ingest.pdf.raised_digits import NO_BLANK, plain_raised
from carrel.ingest.pdf.tables.aligned_columns import aligned_grids
from carrel.ingest.pdf.tables.column_years import heads_of_years
from carrel.ingest.pdf.tables.page_tables import Cells, PageTable, TableText, table_text
from carrel.ingest.pdf.tables.row_labels import with_labels
from carrel.ingest.pdf.tables.ruled_lines import Grid, grids

_MOST_CHARACTERS = 50_000
# In points; the gap between the cells of a row that is drawn at once is larger.
_CLOSE = 8.0
_TOUCHING = 2.0
# Upright rules of what may be one column of a larger table, with one for the signs of a currency.
_FEW_RULES = 4

# A table continues on the next page if little more than a foot and a head is in between.
_LONGEST_BETWEEN = 300
# Words of cells that are joined are short.
_LONGEST_JOINED = 100

Place = tuple[int, int, int] | None


@dataclass(frozen=True, slots=True)
class RuledText:
    """The text of a page with tables, and the table that the next page may continue."""

    text: str
    last: PageTable | None


def ruled_text(
    page: pypdfium2.PdfPage,
    text_page: pypdfium2.PdfTextPage,
    characters: str,
    values: Sequence[Fragment] = (),
    before: PageTable | None = None,
) -> RuledText | None:
    """Return the text with the rows of tables under their heads; None without a table.

    ``characters`` are those of the upright page, in its order, with stand-ins for raised digits;
    ``values`` those of its form fields. Tables without rules are found by their columns of numbers.
    ``before`` is the last table of the page before: if the first table of this page continues it,
    its rows have the same heads.

    pdfium itself returns the text in drawing order, which may be column by column, and joins cells
    that are close.
    """
    ruled = grids(page)
    may_be_parts = any(len(each.columns) <= _FEW_RULES for each in ruled)
    aligned = aligned_grids(text_page) if may_be_parts or not ruled else []
    ruled = with_labels([each for each in ruled if not _is_within(each, aligned)], text_page)
    found = ruled or aligned
    if not found or not 0 < len(characters) <= _MOST_CHARACTERS:
        return None
    parts: list[str | int] = []
    tables: dict[int, dict[tuple[int, int], list[str]]] = {}
    placed = [
        (_place(found, value.left, (value.bottom + value.top) / 2), f" {value.text}")
        for value in values
    ]
    for place, text in [*_runs(text_page, characters, found), *placed]:
        if place is None:
            parts.append(text)
            continue
        table, row, column = place
        if table not in tables:
            tables[table] = defaultdict(list)
            parts.append(table)
        tables[table][row, column].append(text)
    # Where a field's value is in the first row, that row is no heads.
    forms = {
        number
        for number, cells in tables.items()
        if any(place and place[:2] == (number, min(cells)[0]) for place, _ in placed)
    }
    years = {} if ruled else heads_of_years(found, text_page)
    written = _written(found, tables, forms, before if _is_short(parts) else None, years)
    if not written:
        return None
    whole = _joined(parts, {number: each.lines for number, each in written.items()})
    # Guessed rows must not split a word, or move a letter to another line.
    if not ruled:
        bare = _joined(parts, {number: "\n".join(each.cells) for number, each in written.items()})
        cells = frozenset(cell for each in written.values() for cell in each.cells)
        if not _keeps_words(bare, cells, plain_raised(characters)):
            return None
    last = next(each for each in reversed(parts) if isinstance(each, int))
    return RuledText(whole, written[last].table if _is_short(reversed(parts)) else None)


def _is_within(grid: Grid, larger: Sequence[Grid]) -> bool:
    """Whether a grid is a part of a larger table whose other rows or columns are not ruled."""
    return any(
        other.columns[0] < grid.columns[0] - _CLOSE
        and grid.columns[-1] <= other.columns[-1] + _CLOSE
        and other.rows[0] <= grid.rows[0] + _CLOSE
        and grid.rows[-1] <= other.rows[-1] + _CLOSE
        and len(grid.rows) < len(other.rows)
        for other in larger
    )


def _is_short(parts: Iterable[str | int]) -> bool:
    """Whether the text before the first table is that of a head or foot of the page."""
    between = takewhile(lambda part: isinstance(part, str), parts)
    return sum(len(str(part)) for part in between) < _LONGEST_BETWEEN


def _written(
    found: Sequence[Grid],
    tables: Mapping[int, Cells],
    forms: Set[int],
    before: PageTable | None,
    years: Mapping[int, Sequence[str]],
) -> dict[int, TableText]:
    """Return the tables as text, in reading order; none if one does not look like a table.

    ``before`` is what the first of them may continue, ``years`` the heads above others.
    """
    written: dict[int, TableText] = {}
    for number, cells in tables.items():
        earlier = before if not written else None
        text = table_text(
            found[number],
            cells,
            earlier,
            above=years.get(number, ()),
            is_form=number in forms,
        )
        if text is None:
            return {}
        written[number] = text
    return written


def _joined(parts: Sequence[str | int], tables: Mapping[int, str]) -> str:
    texts = (tables[part] if isinstance(part, int) else part.strip() for part in parts)
    return "\n".join(text for text in texts if text)


def _keeps_words(whole: str, cells: frozenset[str], original: str) -> bool:
    """Whether the words are the same, except for those of cells that the original joins."""
    before, after = Counter(original.split()), Counter(whole.split())
    made = after - before
    for word in (before - after).elements():
        parts = _parts(word, made, cells)
        if parts is None:
            return False
        made -= Counter(parts)
    return not made


def _parts(word: str, made: Counter[str], cells: frozenset[str]) -> list[str] | None:
    """Return a word of the original as the words that were made of it; None if there are none."""
    if made[word]:
        return [word]
    for place in range(1, min(len(word), _LONGEST_JOINED)):
        first = word[:place]
        if not made[first]:
            continue
        following = _parts(word[place:], made - Counter((first,)), cells)
        if following is not None and _are_apart(first, following[0], cells):
            return [first, *following]
    return None


def _are_apart(first: str, second: str, cells: frozenset[str]) -> bool:
    """Whether two words are not the halves of one: both are cells, or the letters change there."""
    seam = first[-1] + second[0]
    same = seam.isdecimal() or (seam.isalpha() and not (seam[0].islower() and seam[1].isupper()))
    return not same or cells.issuperset((first, second))


def _runs(
    text_page: pypdfium2.PdfTextPage, characters: str, found: Sequence[Grid]
) -> list[tuple[Place, str]]:
    """Return the text in pieces that are each in one cell, or outside of all tables.

    Hyphens that pdfium finds at line ends are ``LINE_END_HYPHEN`` in its text.
    """
    # A page has thousands of characters: the wrappers' per-call overhead matters.
    raw = text_page.raw
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    box = tuple(map(ctypes.pointer, (left, right, bottom, top)))
    runs: list[tuple[Place, list[str]]] = []
    before: tuple[int | None, float, float] = (None, 0.0, 0.0)
    for index, character in enumerate(characters):
        if character == NO_BLANK:
            continue
        # Blanks that pdfium inserts have no position.
        if character.isspace():
            if runs:
                runs[-1][1].append(character)
            continue
        pdfium.FPDFText_GetCharBox(raw, index, *box)
        text_object = pdfium.FPDFText_GetTextObject(raw, index)
        drawn = ctypes.addressof(text_object.contents) if text_object else None
        y = (bottom.value + top.value) / 2
        # Text that is too long for its cell overlaps the rule.
        same_line, gap = abs(y - before[2]) < _CLOSE, abs(left.value - before[1])
        continues = drawn == before[0] and same_line and gap < _CLOSE
        if not (runs and continues):
            place = _place(found, (left.value + right.value) / 2, y)
            touches = same_line and gap < _TOUCHING
            if runs and touches and _in_one_cell(found, runs[-1][0], place):
                # A word whose letters are drawn one by one, across the columns of a merged cell.
                place = runs[-1][0]
            if not runs or runs[-1][0] != place:
                runs.append((place, []))
        runs[-1][1].append(character)
        before = drawn, right.value, y
    return [(place, plain_raised("".join(run))) for place, run in runs]


def _in_one_cell(found: Sequence[Grid], here: Place, there: Place) -> bool:
    """Whether no rule is between two columns of one row."""
    if here is None or there is None or here[:2] != there[:2] or here[2] >= there[2]:
        return False
    columns = range(here[2] + 1, there[2] + 1)
    return not any(found[here[0]].divides_columns(here[1], column) for column in columns)


def _place(found: Sequence[Grid], x: float, y: float) -> Place:
    for number, grid in enumerate(found):
        cell = grid.cell(x, y)
        if cell is not None:
            return number, *cell
    return None
