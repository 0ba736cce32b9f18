"""Tables with spans and rows of heads, written in each format that has tables."""

from __future__ import annotations

import csv
import html
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape

import docx
import openpyxl
from openpyxl.utils import get_column_letter
from pptx import Presentation
from pptx.util import Inches
from reportlab.lib.pagesizes import A4, landscape
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import SimpleDocTemplate
from reportlab.platypus import Table as PdfTable

from samples.old_documents import write_rtf_body, write_xls

Value = str | int | float | None
NAMESPACES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (("office", "office"), ("text", "text"), ("table", "table"))
)


@dataclass(frozen=True)
class Merged:
    """A cell that spans columns and rows."""

    value: Value
    columns: int = 1
    rows: int = 1


@dataclass(frozen=True)
class Table:
    """The cells of a table as an editor has them: a merged cell once, where it begins.

    ``heads`` is the number of rows that formats may mark as heads, ``lines`` what must come out.
    """

    rows: list[list[Value | Merged]]
    lines: list[str]
    heads: int = 1
    without: frozenset[str] = field(default_factory=frozenset)

    @property
    def width(self) -> int:
        return max(len(row) for row in self.grid(repeat=False))

    def placed(self) -> Iterator[tuple[int, int, Merged]]:
        """Yield row, column and cell, each merged one once."""
        taken: set[tuple[int, int]] = set()
        for number, row in enumerate(self.rows):
            column = 0
            for value in row:
                while (number, column) in taken:
                    column += 1
                cell = value if isinstance(value, Merged) else Merged(value)
                taken |= {
                    (number + down, column + right)
                    for down in range(cell.rows)
                    for right in range(cell.columns)
                }
                yield number, column, cell
                column += cell.columns

    def grid(self, repeat: bool) -> list[list[Value]]:
        """Return all rows at full width, merged cells in their first place or in all of them."""
        cells = list(self.placed())
        width = max(column + cell.columns for _, column, cell in cells)
        grid: list[list[Value]] = [[None] * width for _ in self.rows]
        for number, column, cell in cells:
            for down in range(cell.rows):
                for right in range(cell.columns):
                    if repeat or (down, right) == (0, 0):
                        grid[number + down][column + right] = cell.value
        return grid

    def merged(self) -> list[tuple[int, int, int, int]]:
        """Return first row, last row, first column and last column of the merged cells."""
        return [
            (row, row + cell.rows - 1, column, column + cell.columns - 1)
            for row, column, cell in self.placed()
            if cell.rows > 1 or cell.columns > 1
        ]


def shown(value: Value) -> str:
    return "" if value is None else str(value)


def write_csv(path: Path, table: Table) -> Path:
    """Write a merged cell as its value in all columns and rows, for lack of merged cells."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([map(shown, row) for row in table.grid(repeat=True)])
    return path


def write_markdown_table(path: Path, table: Table) -> Path:
    """Write the first row as the heads, which a table of Markdown always has."""
    lines = [f"| {' | '.join(map(shown, row))} |" for row in table.grid(repeat=True)]
    lines.insert(1, "|" + " --- |" * table.width)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_xlsx(path: Path, table: Table) -> Path:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    for row in table.grid(repeat=False):
        sheet.append(row)
    for first, last, left, right in table.merged():
        begin, end = get_column_letter(left + 1), get_column_letter(right + 1)
        sheet.merge_cells(f"{begin}{first + 1}:{end}{last + 1}")
    workbook.save(path)
    return path


def write_old_xls(path: Path, table: Table) -> Path:
    return write_xls(path, {"Sheet": table.grid(repeat=False)}, merged=table.merged())


def write_html(path: Path, table: Table) -> Path:
    rows: list[list[str]] = [[] for _ in table.rows]
    for number, _, cell in table.placed():
        tag = "th" if number < table.heads else "td"
        spans = f' colspan="{cell.columns}" rowspan="{cell.rows}"'
        rows[number].append(f"<{tag}{spans}>{html.escape(shown(cell.value))}</{tag}>")
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    path.write_text(f'<meta charset="utf-8"><table>{body}</table>', encoding="utf-8")
    return path


def write_word(path: Path, table: Table) -> Path:
    document = docx.Document()
    grid = table.grid(repeat=False)
    made = document.add_table(len(grid), table.width)
    for first, last, left, right in table.merged():
        made.cell(first, left).merge(made.cell(last, right))
    for number, column, cell in table.placed():
        made.cell(number, column).text = shown(cell.value)
    document.save(str(path))
    return path


def write_slide(path: Path, table: Table) -> Path:
    presentation = Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[6])
    place = (Inches(1), Inches(1), Inches(8), Inches(5))
    made = slide.shapes.add_table(len(table.rows), table.width, *place).table
    made.first_row = table.heads > 0
    for first, last, left, right in table.merged():
        made.cell(first, left).merge(made.cell(last, right))
    for number, column, cell in table.placed():
        made.cell(number, column).text = shown(cell.value)
    presentation.save(str(path))
    return path


def write_odt(path: Path, table: Table) -> Path:
    return _write_odf(path, "text", f"<table:table>{_odf_rows(table)}</table:table>")


def write_ods(path: Path, table: Table) -> Path:
    sheet = f'<table:table table:name="Sheet">{_odf_rows(table)}</table:table>'
    return _write_odf(path, "spreadsheet", sheet)


def write_ruled_pdf(path: Path, table: Table) -> Path:
    SimpleDocTemplate(str(path), pagesize=landscape(A4)).build([_ruled(table)])
    return path


def write_turned_pdf(path: Path, table: Table) -> Path:
    """Write the table sideways on an upright page (as the library stores it) shown turned."""
    width, height = landscape(A4)
    canvas = Canvas(str(path), pagesize=(width, height))
    canvas.setPageRotation(90)
    canvas.translate(height, 0)
    canvas.rotate(90)
    made = _ruled(table)
    _, needed = made.wrapOn(canvas, width - 100, height)
    made.drawOn(canvas, 50, height - 50 - needed)
    canvas.save()
    return path


def write_aligned_pdf(path: Path, table: Table) -> Path:
    """Write a table without rules, each cell by itself, a merged one in all its places."""
    canvas = Canvas(str(path), pagesize=landscape(A4))
    for number, row in enumerate(table.grid(repeat=True)):
        for column, value in enumerate(row):
            if value is not None:
                canvas.drawString(50 + 130 * column, 500 - 18 * number, shown(value))
    canvas.save()
    return path


def _ruled(table: Table) -> PdfTable:
    style = [("GRID", (0, 0), (-1, -1), 0.5, (0, 0, 0))]
    style += [("SPAN", (left, first), (right, last)) for first, last, left, right in table.merged()]
    return PdfTable([[shown(value) for value in row] for row in table.grid(False)], style=style)


def _odf_rows(table: Table) -> str:
    rows: list[list[str]] = [["<table:covered-table-cell/>"] * table.width for _ in table.rows]
    for number, column, cell in table.placed():
        spans = (
            f' table:number-columns-spanned="{cell.columns}"'
            f' table:number-rows-spanned="{cell.rows}"'
        ) * (cell.columns > 1 or cell.rows > 1)
        text = escape(shown(cell.value))
        rows[number][column] = (
            f"<table:table-cell{spans}>{f'<text:p>{text}</text:p>' * bool(text)}</table:table-cell>"
        )
    return "".join(f"<table:table-row>{''.join(row)}</table:table-row>" for row in rows)


def _write_odf(path: Path, kind: str, body: str) -> Path:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}")
        archive.writestr(
            "content.xml",
            f"<office:document-content {NAMESPACES}><office:body><office:{kind}>{body}"
            f"</office:{kind}></office:body></office:document-content>",
        )
    path.write_bytes(buffer.getvalue())
    return path


def write_rich_text(path: Path, table: Table) -> Path:
    """Write each row with its definition, in which merged cells are marked as Word marks them."""
    marks: dict[tuple[int, int], str] = {}
    for first, last, left, right in table.merged():
        for row in range(first, last + 1):
            for column in range(left, right + 1):
                across = "" if left == right else r"\clmgf" if column == left else r"\clmrg"
                down = "" if first == last else r"\clvmgf" if row == first else r"\clvmrg"
                marks[row, column] = across + down
    body = []
    for number, values in enumerate(table.grid(repeat=False)):
        body.append(r"\trowd\trhdr" if number < table.heads else r"\trowd")
        for column in range(len(values)):
            body.append(f"{marks.get((number, column), '')}\\cellx{1000 * (column + 1)}")
        body.append(r"\pard\intbl ")
        body += [f"{_rtf_text(shown(value))}\\cell " for value in values]
        body.append("\\row\n")
    return write_rtf_body(path, "".join(body) + r"\pard")


def _rtf_text(text: str) -> str:
    return "".join(each if ord(each) < 128 else f"\\u{ord(each)} ?" for each in text)


WRITERS: dict[str, tuple[str, Callable[[Path, Table], Path]]] = {
    "csv": (".csv", write_csv),
    "markdown": (".md", write_markdown_table),
    "xlsx": (".xlsx", write_xlsx),
    "xls": (".xls", write_old_xls),
    "ods": (".ods", write_ods),
    "odt": (".odt", write_odt),
    "docx": (".docx", write_word),
    "pptx": (".pptx", write_slide),
    "rtf": (".rtf", write_rich_text),
    "html": (".html", write_html),
    "ruled pdf": (".pdf", write_ruled_pdf),
    "turned pdf": (".pdf", write_turned_pdf),
    "aligned pdf": (".pdf", write_aligned_pdf),
}
"""By name of a form: its suffix, and what writes it."""
