"""Reader of comma- and tab-separated tables, row by row."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path

from carrel.core.documents import Section
from carrel.ingest.data.line_sections import sections_of_lines
from carrel.ingest.failures import checked_sections
from carrel.ingest.tables.grid import TableRow
from carrel.ingest.tables.rows import row_lines
from carrel.ingest.text.cleaning import one_line
from carrel.ingest.text.encoding import detect_encoding
from carrel.ingest.text_bound import HARMLESS_CHARACTERS

_DELIMITERS = ",;\t|"
_SAMPLE_LINES = 200
_SAMPLE_CHARACTERS = 1 << 16
# The csv module's own limit of 131,072 is less than a cell of a table of texts may contain. It is
# the module's, not the reader's; nothing else here reads with it.
csv.field_size_limit(HARMLESS_CHARACTERS)
_LARGE_CELL = 131_072


class TableReader:
    """Reads CSV and TSV; several rows make a section, as ``carrel.ingest.tables`` writes them.

    The delimiter is detected from the content. Quoted cells may contain line breaks.
    """

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        """Yield the sections; they have neither page nor heading."""
        encoding = detect_encoding(path)
        # newline="" leaves the line breaks inside quoted cells to the csv module.
        with path.open(encoding=encoding, errors="replace", newline="") as stream:
            sample = stream.read(_SAMPLE_CHARACTERS)
            stream.seek(0)
            rows = _rows(_without_zeros(stream), find_delimiter(sample))
            cells = (TableRow([one_line(cell) for cell in row]) for row in rows)
            yield from sections_of_lines(row_lines(cells))


def find_delimiter(sample: str) -> str:
    """Return the delimiter that splits most lines of the text into the same number of cells.

    A comma if none cuts any line; ties go to more cells per line.
    """
    lines = sample.splitlines(keepends=True)[:_SAMPLE_LINES]
    best, best_score = _DELIMITERS[0], (0, 0)
    for delimiter in _DELIMITERS:
        widths = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter) if row)
        widths.pop(1, None)
        if widths:
            width, rows = max(widths.items(), key=lambda item: (item[1], item[0]))
            if (rows, width) > best_score:
                best, best_score = delimiter, (rows, width)
    return best


def _rows(lines: Iterator[str], delimiter: str) -> Iterator[list[str]]:
    """Yield the rows; the rest of a file behind an open quotation mark is no cell.

    Raises:
        csv.Error: a mark is never closed, or a cell is too long.
    """
    taken: list[str] = []
    for row in csv.reader(_recorded(lines, taken), delimiter=delimiter):
        if any(len(cell) > _LARGE_CELL for cell in row) and "".join(taken).count('"') % 2:
            raise csv.Error("a quotation mark is never closed")
        taken.clear()
        yield row


def _recorded(lines: Iterator[str], taken: list[str]) -> Iterator[str]:
    for line in lines:
        taken.append(line)
        yield line


def _without_zeros(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield line.replace("\0", "")
