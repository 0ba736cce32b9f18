"""Files of the sort that people bring, made of the texts in ``document_texts``.

A text ``NAME.SUFFIX.txt`` becomes ``NAME.SUFFIX``. It is written in little Markdown: headings,
paragraphs, ``- `` items, tables of ``|`` whose first row is the head, ``<page>`` for a new page. In
a table file every heading begins a sheet; a mail begins with its headers.
"""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

import docx
from openpyxl import Workbook
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Flowable, PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table

TEXTS = Path(__file__).resolve().parent.parent / "document_texts"
CHINESE = "STSong-Light"
LINES = [("GRID", (0, 0), (-1, -1), 0.5, (0.4, 0.4, 0.4))]
FIXED = datetime(2024, 4, 15, 9, 0)
"""The date in the properties of the files, so that each run writes the same documents."""

Block = tuple[str, str, list[list[str]]]
"""What a block is (``h1``, ``h2``, ``paragraph``, ``list``, ``table``, ``page``), its text, and the
rows of a table or of a list."""


def write_documents(folder: Path) -> dict[str, list[Path]]:
    """Write every document; return the files of each collection.

    A file that is there already stays, so that it is not read again.
    """
    found: dict[str, list[Path]] = {}
    for text in sorted(TEXTS.glob("*/*.txt")):
        path = folder / text.parent.name / text.name.removesuffix(".txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.stat().st_mtime < text.stat().st_mtime:
            WRITERS[path.suffix](path, text.read_text(encoding="utf-8"))
        found.setdefault(text.parent.name, []).append(path)
    return found


def blocks(text: str) -> Iterator[Block]:
    """Yield the blocks of a text."""
    for part in re.split(r"\n\s*\n", text.strip()):
        lines = part.splitlines()
        if part == "<page>":
            yield "page", "", []
        elif part.startswith("#"):
            marks, _, title = part.partition(" ")
            yield f"h{len(marks)}", title, []
        elif part.startswith("|"):
            cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
            yield "table", "", cells
        elif part.startswith("- "):
            yield "list", "", [[line.removeprefix("- ")] for line in lines]
        else:
            yield "paragraph", " ".join(lines), []


def rows_of(text: str) -> list[list[str]]:
    """Return the rows of all tables, one below the other."""
    return [row for kind, _, rows in blocks(text) if kind == "table" for row in rows]


def write_plain(path: Path, text: str) -> None:
    """Write Markdown, its tables with the line below the head."""

    def ruled(table: re.Match[str]) -> str:
        head, _, rest = table.group().partition("\n")
        return f"{head}\n{'|---' * (head.count('|') - 1)}|\n{rest}"

    path.write_text(re.sub(r"(?:^\|.*\n)+", ruled, text, flags=re.MULTILINE), encoding="utf-8")


def write_csv(path: Path, text: str) -> None:
    """Write one table, with semicolons where commas are in the numbers."""
    rows = rows_of(text)
    commas = any(re.fullmatch(r"\d+,\d+", cell) for row in rows for cell in row)
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=";" if commas else ",").writerows(rows)
    path.write_text(buffer.getvalue(), encoding="utf-8")


def write_xlsx(path: Path, text: str) -> None:
    """Write a sheet for each heading, with numbers as numbers."""
    book = Workbook()
    book.remove(book.active)
    book.properties.created = book.properties.modified = FIXED
    for kind, value, rows in blocks(text):
        if kind == "h2":
            sheet = book.create_sheet(value)
        elif kind == "table":
            for row in rows:
                sheet.append([_number(cell) for cell in row])
    book.save(path)


def _number(cell: str) -> str | float | None:
    if not cell:
        return None
    if re.fullmatch(r"-?\d+", cell):
        return int(cell)
    return float(cell) if re.fullmatch(r"-?\d+\.\d+", cell) else cell


def write_docx(path: Path, text: str) -> None:
    """Write with Word's own styles for headings, lists and tables."""
    document = docx.Document()
    document.core_properties.created = document.core_properties.modified = FIXED
    for kind, value, rows in blocks(text):
        if kind == "table":
            table = document.add_table(len(rows), len(rows[0]), style="Table Grid")
            for line, row in zip(table.rows, rows, strict=True):
                for cell, content in zip(line.cells, row, strict=True):
                    cell.text = content
        elif kind == "list":
            for (item,) in rows:
                document.add_paragraph(item, style="List Bullet")
        elif kind.startswith("h"):
            document.add_heading(value, int(kind[1]))
        else:
            document.add_paragraph(value)
    document.save(str(path))


def write_html(path: Path, text: str) -> None:
    """Write a page with the navigation of a site around it."""
    body, title = [], ""
    for kind, value, rows in blocks(text):
        if kind == "table":
            lines = [_html_row(row, "td" if at else "th") for at, row in enumerate(rows)]
            body.append(f"<table>{''.join(lines)}</table>")
        elif kind == "list":
            items = "".join(f"<li>{html.escape(item)}</li>" for (item,) in rows)
            body.append(f"<ul>{items}</ul>")
        else:
            title = value if kind == "h1" else title
            tag = kind if kind.startswith("h") else "p"
            body.append(f"<{tag}>{html.escape(value)}</{tag}>")
    path.write_text(
        f"<!doctype html><html><head><meta charset='utf-8'><title>{html.escape(title)}</title>"
        f"</head><body><nav><a href='/'>Start</a></nav><main>{''.join(body)}</main></body></html>",
        encoding="utf-8",
    )


def _html_row(cells: list[str], tag: str) -> str:
    return f"<tr>{''.join(f'<{tag}>{html.escape(cell)}</{tag}>' for cell in cells)}</tr>"


def write_mail(path: Path, text: str) -> None:
    """Write a mail of one part."""
    head, _, body = text.partition("\n\n")
    message = EmailMessage()
    for line in head.splitlines():
        name, _, value = line.partition(": ")
        message[name] = value
    message.set_content(body)
    path.write_bytes(message.as_bytes())


def write_pdf(path: Path, text: str) -> None:
    """Write pages with rules around the cells of tables."""
    chinese = re.search(r"[\u4e00-\u9fff]", text) is not None
    if chinese:
        pdfmetrics.registerFont(UnicodeCIDFont(CHINESE))
    styles = getSampleStyleSheet()
    for style in styles.byName.values():
        if chinese and isinstance(style, ParagraphStyle):
            style.fontName, style.wordWrap = CHINESE, "CJK"
    story: list[Flowable] = []
    for kind, value, rows in blocks(text):
        if kind == "page":
            story.append(PageBreak())
        elif kind == "table":
            font = [("FONTNAME", (0, 0), (-1, -1), CHINESE)] if chinese else []
            story += [Table(rows, style=LINES + font, hAlign="LEFT"), Spacer(1, 10)]
        elif kind == "list":
            items = (f"• {html.escape(item)}" for (item,) in rows)
            story += [Paragraph(item, styles["Normal"]) for item in items]
        else:
            name = {"h1": "Heading1", "h2": "Heading2"}.get(kind, "BodyText")
            story.append(Paragraph(html.escape(value), styles[name]))
    SimpleDocTemplate(str(path), pagesize=A4, invariant=1, title=path.stem).build(story)


WRITERS: dict[str, Callable[[Path, str], None]] = {
    ".md": write_plain,
    ".csv": write_csv,
    ".xlsx": write_xlsx,
    ".docx": write_docx,
    ".html": write_html,
    ".eml": write_mail,
    ".pdf": write_pdf,
}
