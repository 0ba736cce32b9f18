"""Real files of every format, made by code, so that a test says itself what its file holds."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pptx
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

_LINE_HEIGHT = 14
_MARGIN = 50


def write_pdf(path: Path, pages: Sequence[str], password: str | None = None) -> Path:
    """Write one page per text, line by line; a blank text makes a page without any text."""
    encryption = StandardEncryption(password, strength=128) if password else None
    canvas = Canvas(str(path), pagesize=A4, encrypt=encryption)
    for page in pages:
        text = canvas.beginText(_MARGIN, A4[1] - _MARGIN)
        text.setLeading(_LINE_HEIGHT)
        for line in page.splitlines():
            text.textLine(line)
        canvas.drawText(text)
        canvas.showPage()
    canvas.save()
    return path


def write_encrypted_pdf(path: Path, pages: Sequence[str], password: str = "secret") -> Path:
    """Write a PDF that cannot be opened without the password."""
    return write_pdf(path, pages, password)


def write_scanned_pdf(path: Path) -> Path:
    """Write a PDF whose page shows shapes and no text, as a scan does."""
    canvas = Canvas(str(path), pagesize=A4)
    canvas.rect(100, 100, 300, 400, fill=1)
    canvas.showPage()
    canvas.save()
    return path


def write_docx(path: Path, content: Sequence[str | tuple[str, int] | list[list[str]]]) -> Path:
    """Write paragraphs (text), headings ((text, level)) and tables (rows) in the given order."""
    document = docx.Document()
    for item in content:
        if isinstance(item, str):
            document.add_paragraph(item)
        elif isinstance(item, tuple):
            document.add_heading(item[0], level=item[1])
        else:
            table = document.add_table(rows=len(item), cols=len(item[0]))
            for row, cells in zip(table.rows, item, strict=True):
                for cell, text in zip(row.cells, cells, strict=True):
                    cell.text = text
    document.save(str(path))
    return path


def write_pptx(path: Path, slides: Sequence[tuple[str, str, str]]) -> Path:
    """Write slides given as (title, body, notes); empty notes make no notes page."""
    presentation = pptx.Presentation()
    for title, body, notes in slides:
        slide = presentation.slides.add_slide(presentation.slide_layouts[1])
        slide.shapes.title.text_frame.text = title
        slide.placeholders[1].text_frame.text = body
        if notes:
            slide.notes_slide.notes_text_frame.text = notes
    presentation.save(str(path))
    return path


def write_xlsx(path: Path, sheets: Mapping[str, Sequence[Sequence[Any]]]) -> Path:
    """Write one sheet per name with the given rows of cell values."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    workbook.save(path)
    return path


def write_html(path: Path, body: str, title: str = "", encoding: str = "utf-8") -> Path:
    """Write a page around a body; the meta element names the encoding."""
    html = (
        f'<!doctype html><html><head><meta charset="{encoding}"><title>{title}</title></head>'
        f"<body>{body}</body></html>"
    )
    path.write_bytes(html.encode(encoding))
    return path


def write_markdown(path: Path, text: str) -> Path:
    """Write Markdown in UTF-8."""
    path.write_text(text, encoding="utf-8")
    return path


def write_csv(path: Path, rows: Sequence[Sequence[object]], delimiter: str = ",") -> Path:
    """Write a table in UTF-8, quoting only where the delimiter or a line break asks for it."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter).writerows(rows)
    path.write_bytes(buffer.getvalue().encode("utf-8"))
    return path


def write_text(path: Path, text: str, encoding: str = "utf-8") -> Path:
    """Write text in an encoding; UTF-8 with a byte order mark is ``utf-8-sig``."""
    path.write_bytes(text.encode(encoding))
    return path
