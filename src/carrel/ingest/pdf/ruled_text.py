"""Text of a PDF page with tables, row by row."""

from __future__ import annotations

import ctypes
import re
from collections import Counter, defaultdict
from collections.abc import Sequence

import pypdfium2
import pypdfium2.raw as pdfium

from carrel.ingest.pdf.aligned_columns import aligned_grids
from carrel.ingest.pdf.fragments import Fragment
from carrel.ingest.pdf.ruled_lines import Grid, grids
from carrel.ingest.text.cleaning import one_line

# Longer cells mean a layout of columns; with several long cells side by side, the lines between the
# rows are probably not ruled.
_LONGEST_CELL = 1_000
_MOST_LINES = 2
_MOST_CHARACTERS = 50_000
# In points; the gap between the cells of a row that is drawn at once is larger.
_CLOSE = 8.0

# Accounts have the sign in a separate column.
_SIGN_ALONE = re.compile(r"(?<![^ ])([$€£¥]) \| ")

Place = tuple[int, int, int] | None


def ruled_text(
    page: pypdfium2.PdfPage,
    text_page: pypdfium2.PdfTextPage,
    characters: str,
    values: Sequence[Fragment] = (),
) -> str | None:
    """Return the text with each row of a table as ``cell | cell``; None without a table.

    ``characters`` are those of the page, in its order; ``values`` those of its form fields.
    Tables without rules are found by their columns of numbers.

    pdfium itself returns the text in drawing order, which may be column by column, and joins cells
    that are close.
    """
    ruled = grids(page)
    found = ruled or aligned_grids(text_page)
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
    written = {number: _table_text(cells) for number, cells in tables.items()}
    if not written or None in written.values():
        return None
    texts = (written[part] if isinstance(part, int) else part.strip() for part in parts)
    whole = "\n".join(text for text in texts if text)
    # Guessed rows must not split a word, or move a letter to another line.
    return whole if ruled or _keeps_words(whole, characters) else None


def _keeps_words(whole: str, original: str) -> bool:
    """Whether the words are the same, except for those of cells that the original joins."""
    before, after = Counter(original.split()), Counter(whole.replace(" | ", " ").split())
    made = after - before
    for word in (before - after).elements():
        for place in range(1, len(word)):
            halves = Counter((word[:place], word[place:]))
            seam = word[place - 1 : place + 1]
            if halves <= made and not (seam.isalpha() or seam.isdecimal()):
                made -= halves
                break
        else:
            return False
    return not made


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
        continues = (
            drawn == before[0]
            and abs(y - before[2]) < _CLOSE
            and abs(left.value - before[1]) < _CLOSE
        )
        if not (runs and continues):
            place = _place(found, (left.value + right.value) / 2, y)
            if not runs or runs[-1][0] != place:
                runs.append((place, []))
        runs[-1][1].append(character)
        before = drawn, right.value, y
    return [(place, "".join(run)) for place, run in runs]


def _place(found: Sequence[Grid], x: float, y: float) -> Place:
    for number, grid in enumerate(found):
        cell = grid.cell(x, y)
        if cell is not None:
            return number, *cell
    return None


def _table_text(cells: dict[tuple[int, int], list[str]]) -> str | None:
    """Return the rows; None if the cells do not look like those of a table."""
    rows: dict[int, list[str]] = defaultdict(list)
    high: dict[int, int] = defaultdict(int)
    for (row, _), texts in sorted(cells.items()):
        lines = [line for text in texts for line in text.splitlines() if line.strip()]
        high[row] += len(lines) > _MOST_LINES
        rows[row].append(one_line(" ".join(lines)))
    if any(count > 1 for count in high.values()):
        return None
    if any(len(cell) > _LONGEST_CELL for row in rows.values() for cell in row):
        return None
    return "\n".join(_SIGN_ALONE.sub(r"\1 ", " | ".join(row)) for row in rows.values())
