"""OpenDocument files and EPUB books, made by code as their programs write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from samples.damaged_files import zip_of

_NAMES = "urn:oasis:names:tc:opendocument:xmlns"
_NAMESPACES = " ".join(
    [
        *(
            f'xmlns:{name}="{_NAMES}:{name}:1.0"'
            for name in ("office", "style", "text", "table", "presentation", "manifest")
        ),
        f'xmlns:draw="{_NAMES}:drawing:1.0"',
        f'xmlns:svg="{_NAMES}:svg-compatible:1.0"',
    ]
)
MANIFEST = (
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    '<manifest:file-entry manifest:full-path="/" '
    'manifest:media-type="application/vnd.oasis.opendocument.KIND"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
    "</manifest:manifest>"
)
OBFUSCATED_FONT = "http://www.idpf.org/2008/embedding"


def write_open_document(
    path: Path, kind: str, body: str, styles: str = "", declaration: str = ""
) -> Path:
    """Write a package whose ``office:text``, or what ``kind`` names, holds the given XML."""
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?>{declaration}'
        f"<office:document-content {_NAMESPACES}>"
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body>"
        "</office:document-content>"
    )
    parts = {
        "mimetype": f"application/vnd.oasis.opendocument.{kind}".encode(),
        "content.xml": content.encode(),
        "META-INF/manifest.xml": MANIFEST.replace("KIND", kind).encode(),
    }
    path.write_bytes(zip_of(parts))
    return path


def table_xml(rows: Sequence[Sequence[str]], name: str = "") -> str:
    """Return a table whose cells hold one paragraph each, or nothing where the text is empty."""
    lines = []
    for row in rows:
        cells = (
            f"<table:table-cell>{f'<text:p>{escape(cell)}</text:p>' if cell else ''}"
            "</table:table-cell>"
            for cell in row
        )
        lines.append(f"<table:table-row>{''.join(cells)}</table:table-row>")
    columns = max(map(len, rows), default=1)
    return (
        f'<table:table table:name="{escape(name)}">'
        f'<table:table-column table:number-columns-repeated="{columns}"/>'
        f"{''.join(lines)}</table:table>"
    )


def write_odt(path: Path, content: Sequence[str | tuple[str, int] | list[list[str]]]) -> Path:
    """Write paragraphs (text), headings ((text, level)) and tables (rows) in the given order."""
    parts = []
    for item in content:
        if isinstance(item, str):
            parts.append(f"<text:p>{escape(item)}</text:p>")
        elif isinstance(item, tuple):
            level = f'text:outline-level="{item[1]}"'
            parts.append(f"<text:h {level}>{escape(item[0])}</text:h>")
        else:
            parts.append(table_xml(item))
    return write_open_document(path, "text", "".join(parts))


def write_ods(path: Path, sheets: Mapping[str, Sequence[Sequence[str]]]) -> Path:
    """Write one sheet per name with the given rows of cells."""
    body = "".join(table_xml(rows, name) for name, rows in sheets.items())
    return write_open_document(path, "spreadsheet", body)


def write_odp(path: Path, slides: Sequence[tuple[str, str, str]]) -> Path:
    """Write slides given as (title, body, notes)."""
    pages = []
    for number, (title, body, notes) in enumerate(slides, start=1):
        shapes = _frame("title", title) + _frame("outline", body)
        noted = f"<presentation:notes>{_frame('notes', notes)}</presentation:notes>"
        pages.append(f'<draw:page draw:name="page{number}">{shapes}{noted}</draw:page>')
    return write_open_document(path, "presentation", "".join(pages))


def _frame(role: str, text: str) -> str:
    paragraphs = "".join(f"<text:p>{escape(line)}</text:p>" for line in text.split("\n"))
    return (
        f'<draw:frame presentation:class="{role}"><draw:text-box>{paragraphs}</draw:text-box>'
        "</draw:frame>"
    )


def write_epub(
    path: Path,
    chapters: Mapping[str, str],
    spine: Sequence[str] | None = None,
    extra: Mapping[str, str] | None = None,
) -> Path:
    """Write a book with one part per name, whose body holds the given XHTML.

    The spine names the chapters in reading order: all of them as given, if it is None. ``extra``
    are more parts of the package, by their names.
    """
    names = list(chapters)
    items = "".join(
        f'<item id="{names.index(name)}" href="text/{name}" media-type="application/xhtml+xml"/>'
        for name in names
    )
    order = names if spine is None else spine
    entries = "".join(f'<itemref idref="{names.index(name)}"/>' for name in order)
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
        f"<manifest>{items}</manifest><spine>{entries}</spine></package>"
    )
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">'
        '<rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
    )
    parts = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": container,
        "OEBPS/book.opf": package,
        **{f"OEBPS/text/{name.replace('%20', ' ')}": _page(name, chapters[name]) for name in names},
        **(extra or {}),
    }
    path.write_bytes(zip_of({name: text.encode() for name, text in parts.items()}))
    return path


def _page(name: str, body: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml">'
        f"<head><title>{name}</title></head><body>{body}</body></html>"
    )


def encryption_xml(*algorithms: str) -> str:
    """Return a ``META-INF/encryption.xml`` with one encrypted part per algorithm."""
    entries = "".join(
        f'<enc:EncryptedData><enc:EncryptionMethod Algorithm="{algorithm}"/></enc:EncryptedData>'
        for algorithm in algorithms
    )
    return (
        '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" '
        f'xmlns:enc="http://www.w3.org/2001/04/xmlenc#">{entries}</encryption>'
    )
