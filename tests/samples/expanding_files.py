"""Small files that claim far more text than they hold, each by a trick of its format."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from string import ascii_uppercase

from samples.archives import write_tar, write_zip
from samples.documents import write_docx, write_pptx, write_text
from samples.open_documents import write_epub, write_ods, write_odt

MEGABYTE = 1_000_000
_ENTITIES = "".join(
    f'<!ENTITY e{depth} "{f"&e{depth - 1};" * 10}">' if depth else '<!ENTITY e0 "expanded text">'
    for depth in range(9)
)
DECLARATIONS = f"<!DOCTYPE x [{_ENTITIES}]>"


def shared_string_workbook(path: Path) -> Path:
    """Write a workbook of which ten rows of a hundred cells show one text of three megabytes."""
    cell = '<c r="{}" t="s"><v>0</v></c>'
    columns = [f"{first}{second}" for first in "ABCD" for second in ascii_uppercase[:25]]
    rows = "".join(
        f'<row r="{row}">{"".join(cell.format(f"{each}{row}") for each in columns)}</row>'
        for row in range(1, 11)
    )
    return write_zip(path, _workbook("x" * 3 * MEGABYTE, rows))


def entity_workbook(path: Path) -> Path:
    """Write a workbook of which one text is an entity of entities."""
    rows = '<row r="1"><c r="A1" t="s"><v>0</v></c></row>'
    return write_zip(path, _workbook("&e8;", rows, DECLARATIONS))


def repeated_rows(path: Path) -> Path:
    """Write a sheet of which one row is repeated to the end."""
    write_ods(path, {"Sheet": [["mark", "text of a cell that is shown again and again"]]})
    row = "<table:table-row"
    repeated = f'{row} table:number-rows-repeated="1000000"'
    return _with_markup(path, "content.xml", row, repeated)


def entity_package(write: Callable[[Path], Path], part: str) -> Callable[[Path], Path]:
    """Return what writes a package of which one part's text is an entity of entities."""

    def written(path: Path) -> Path:
        return _with_markup(write(path), part, "mark", "&e8;", DECLARATIONS)

    return written


def repeated_chapter(path: Path) -> Path:
    """Write a book whose order names one chapter over and over."""
    return write_epub(path, {"a": "<p>" + "word " * 20_000 + "</p>"}, ["a"] * 2_000)


def repeated_page(path: Path) -> Path:
    """Write a PDF file whose tree of pages names one page very many times."""
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    text = "BT /F1 12 Tf 10 100 Td (the same page again) Tj ET"
    tree = [
        f"<< /Type /Pages /Parent {max(2, level - 1)} 0 R /Count {10 ** (9 - level)} "
        f"/Kids [{' '.join([f'{level + 1} 0 R'] * 10)}] >>"
        for level in range(3, 8)
    ]
    objects = [
        "<< /Type /Catalog /Pages 3 0 R >>",
        "<< >>",
        *tree,
        "<< /Type /Page /Parent 7 0 R /MediaBox [0 0 300 200] /Contents 9 0 R "
        f"/Resources << /Font << /F1 {font} >> >> >>",
        f"<< /Length {len(text)} >>\nstream\n{text}\nendstream",
    ]
    content = b"%PDF-1.4\n"
    places = []
    for number, each in enumerate(objects, 1):
        places.append(len(content))
        content += f"{number} 0 obj\n{each}\nendobj\n".encode()
    table = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n"
    table += "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"trailer << /Root 1 0 R /Size {len(objects) + 1} >>\nstartxref\n{len(content)}\n%%EOF"
    path.write_bytes(content + table.encode() + end.encode())
    return path


def long_labels(path: Path) -> Path:
    """Write a table whose headers are repeated before every cell."""
    header = ",".join(f"{'label ' * 15}{n}" for n in range(200))
    return write_text(path, "\n".join([header, *[",".join("1" * 200)] * 1_000]))


def long_keys(path: Path) -> Path:
    """Write JSON whose long key is above very many values."""
    values = ",".join(f'"{n}": 1' for n in range(50_000))
    return write_text(path, f'{{"{"k" * 20_000}": {{{values}}}}}')


def wide_spans(path: Path) -> Path:
    """Write a page with a cell that spans the whole of a large table."""
    cell = f'<td rowspan="65534" colspan="1000">{"word " * 1000}</td>'
    rows = "<tr><td>x</td></tr>" * 5_000
    return write_text(path, f"<table><tr>{cell}</tr>{rows}</table>")


def entity_page(path: Path) -> Path:
    """Write a page, a drawing or data whose text is an entity of entities."""
    return write_text(path, f'<?xml version="1.0"?>{DECLARATIONS}<svg><text>mark &e8;</text></svg>')


def nested_archives(path: Path) -> Path:
    """Write an archive of archives of archives, which hold a long text in the end."""
    data = _zipped({"a.txt": b"x" * 10 * MEGABYTE})
    for _ in range(8):
        data = _zipped({f"{n}.zip": data for n in range(10)})
    path.write_bytes(data)
    return path


def packed_text(packed: str) -> Callable[[Path], Path]:
    """Return what writes a TAR archive with a long text."""

    def written(path: Path) -> Path:
        text = b"line of a log\n" * 1_000_000
        return write_tar(path, {"a.log": text}, packed)  # type: ignore[arg-type]

    return written


def mail_with_archive(path: Path) -> Path:
    """Write a mail with an archive of archives."""
    nested_archives(path)
    data = base64.encodebytes(path.read_bytes()).decode()
    return write_text(
        path,
        "From: a@example.org\nSubject: pictures\nMIME-Version: 1.0\n"
        'Content-Type: application/zip; name="a.zip"\nContent-Transfer-Encoding: base64\n'
        f'Content-Disposition: attachment; filename="a.zip"\n\n{data}',
    )


def _workbook(text: str, rows: str, head: str = "") -> dict[str, bytes]:
    """Return the parts of a workbook with one text, which its cells refer to."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    documents = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"

    def relations(**targets: str) -> str:
        items = "".join(
            f'<Relationship Id="{name}" Type="{documents}/{name}" Target="{target}"/>'
            for name, target in targets.items()
        )
        return f'<Relationships xmlns="{package}/relationships">{items}</Relationships>'

    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/sheet.xml" ContentType="{kind}.worksheet+xml"/>'
        f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}.sharedStrings+xml"/>'
        "</Types>",
        "_rels/.rels": relations(officeDocument="xl/workbook.xml"),
        "xl/_rels/workbook.xml.rels": relations(
            worksheet="sheet.xml", sharedStrings="sharedStrings.xml"
        ),
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{documents}"><sheets>'
        '<sheet name="Sheet" sheetId="1" r:id="worksheet"/></sheets></workbook>',
        "xl/sheet.xml": f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>',
        "xl/sharedStrings.xml": f'{head}<sst xmlns="{main}"><si><t>{text}</t></si></sst>',
    }
    return {name: part.encode() for name, part in parts.items()}


def _zipped(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


def _with_markup(path: Path, part: str, old: str, new: str, head: str = "") -> Path:
    """Replace some markup in a part of a package, and put declarations before its root."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    text = parts[part].decode().replace(old, new, 1)
    begin = text.index("?>") + 2 if text.startswith("<?xml") else 0
    parts[part] = f"{text[:begin]}{head}{text[begin:]}".encode()
    return write_zip(path, parts)


EXPANDING: dict[str, Callable[[Path], Path]] = {
    "strings.xlsx": shared_string_workbook,
    "entity.xlsx": entity_workbook,
    "entity.docx": entity_package(lambda path: write_docx(path, ["mark"]), "word/document.xml"),
    "entity.pptx": entity_package(
        lambda path: write_pptx(path, [("mark", "x", "")]), "ppt/slides/slide1.xml"
    ),
    "entity.odt": entity_package(lambda path: write_odt(path, ["mark"]), "content.xml"),
    "rows.ods": repeated_rows,
    "chapters.epub": repeated_chapter,
    "pages.pdf": repeated_page,
    "labels.csv": long_labels,
    "keys.json": long_keys,
    "spans.html": wide_spans,
    "entity.svg": entity_page,
    "entity.xml": entity_page,
    "entity.html": entity_page,
    "nested.zip": nested_archives,
    "log.tgz": packed_text("gz"),
    "log.tbz2": packed_text("bz2"),
    "log.txz": packed_text("xz"),
    "archive.eml": mail_with_archive,
}
