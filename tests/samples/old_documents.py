"""RTF, and the OLE containers of old Office versions, made byte by byte."""

from __future__ import annotations

import struct
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

_SECTOR = 512
_END_OF_CHAIN, _FREE, _FAT_SECTOR = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
# A shorter stream would be in a container inside the container.
_SHORTEST_STREAM = 4096
_CONVERTER = """#!{python}
import pathlib, sys
source = pathlib.Path(sys.argv[-1])
kind = sys.argv[sys.argv.index("--convert-to") + 1]
folder = pathlib.Path(sys.argv[sys.argv.index("--outdir") + 1])
_, mark, rest = source.read_bytes().partition(b"PK" + bytes((3, 4)))
if mark:
    (folder / (source.stem + "." + kind)).write_bytes(mark + rest)
"""
_NO_ENTRY = 0xFFFFFFFF
_RTF_HEAD = (
    r"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss\fcharset0 Arial;}}"
    r"{\stylesheet{\s0 Normal;}{\s1\outlinelevel0 heading 1;}{\s2 heading 2;}}"
)


def write_rtf(path: Path, content: Sequence[str | tuple[str, int] | list[list[str]]]) -> Path:
    """Write paragraphs (text), headings ((text, level)) and tables (rows) in the given order.

    Levels are 1 and 2. The text is RTF itself, so that it may hold control words.
    """
    parts = []
    for item in content:
        if isinstance(item, str):
            parts.append(rf"\pard\plain\s0 {item}\par")
        elif isinstance(item, tuple):
            parts.append(rf"\pard\plain\s{item[1]} {item[0]}\par")
        else:
            for row in item:
                cells = "".join(rf"\pard\plain\intbl {cell}\cell" for cell in row)
                parts.append(rf"\trowd\cellx1000\cellx2000 {cells}\pard\intbl\row")
    return write_rtf_body(path, "\n".join(parts))


def write_rtf_body(path: Path, body: str, head: str = _RTF_HEAD) -> Path:
    """Write a document around a body in RTF, whose characters are ASCII."""
    path.write_bytes(f"{head}\n{body}}}".encode("ascii"))
    return path


def write_old_office(path: Path, stream: str, modern: Path) -> Path:
    """Write what passes for an old document and holds the modern one for the stand-in."""
    path.write_bytes(ole_container(stream, modern.read_bytes()))
    return path


def write_converter(folder: Path, script: str | None = None) -> Path:
    """Write a stand-in for LibreOffice: it extracts what ``write_old_office`` stored.

    It says nothing and ends well, whether it found anything or not, as LibreOffice does.
    """
    folder.mkdir(exist_ok=True)
    program = folder / "soffice"
    program.write_text(script or _CONVERTER.format(python=sys.executable), encoding="utf-8")
    program.chmod(0o755)
    return program


def ole_container(name: str, data: bytes) -> bytes:
    """Return an OLE container with one stream."""
    data = data.ljust(_SHORTEST_STREAM, b"\0")
    data += bytes(-len(data) % _SECTOR)
    count = len(data) // _SECTOR
    tables = 1
    while tables * _SECTOR // 4 < tables + 1 + count:
        tables += 1
    chain = [_FAT_SECTOR] * tables + [_END_OF_CHAIN]
    chain += [*range(tables + 2, tables + 1 + count), _END_OF_CHAIN]
    chain += [_FREE] * (tables * _SECTOR // 4 - len(chain))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<IIIII", 0, tables, tables, 0, _SHORTEST_STREAM)
    header += struct.pack("<IIII", _END_OF_CHAIN, 0, _END_OF_CHAIN, 0)
    places = [*range(tables), *[_FREE] * (109 - tables)]
    header += struct.pack("<109I", *places)
    directory = _entry("Root Entry", 5, 1, _END_OF_CHAIN, 0)
    directory += _entry(name, 2, _NO_ENTRY, tables + 1, len(data))
    return header + struct.pack(f"<{len(chain)}I", *chain) + directory.ljust(_SECTOR, b"\0") + data


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    written = name.encode("utf-16-le")
    entry = written.ljust(64, b"\0") + struct.pack("<HBB", len(written) + 2, kind, 1)
    entry += struct.pack("<III", _NO_ENTRY, _NO_ENTRY, child) + bytes(36)
    return entry + struct.pack("<IQ", start, size)


def write_xls(
    path: Path,
    sheets: Mapping[str, Sequence[Sequence[str | float | bool | None]]],
    date_columns: Sequence[int] = (),
    encrypted: bool = False,
    merged: Sequence[tuple[int, int, int, int]] = (),
) -> Path:
    """Write one sheet per name in the form of Excel 97; ``date_columns`` show dates.

    ``merged`` are the first and last rows and columns of merged cells in every sheet.
    ``encrypted`` writes the mark of a workbook under a password, without encrypting anything.
    """
    head = _record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 1997, 0, 0))
    if encrypted:
        head += _record(0x2F, struct.pack("<HHH", 1, 1, 1) + bytes(48))
    head += _record(0x42, struct.pack("<H", 1200))
    # Two forms of cells: plain numbers, and days in the built-in format 14.
    for number_format in (0, 14):
        head += _record(0xE0, struct.pack("<HHH14x", 0, number_format, 0))
    bodies = [_sheet(rows, date_columns, merged) for rows in sheets.values()]
    names = [name.encode("utf-16-le") for name in sheets]
    place = len(head) + sum(4 + 8 + len(name) for name in names) + 4
    for name, body in zip(names, bodies, strict=True):
        head += _record(0x85, struct.pack("<IHBB", place, 0, len(name) // 2, 1) + name)
        place += len(body)
    workbook = head + _record(0x0A, b"") + b"".join(bodies)
    path.write_bytes(ole_container("Workbook", workbook))
    return path


def _sheet(
    rows: Sequence[Sequence[str | float | bool | None]],
    date_columns: Sequence[int],
    merged: Sequence[tuple[int, int, int, int]],
) -> bytes:
    sheet = _record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 1997, 0, 0))
    for row, cells in enumerate(rows):
        for column, value in enumerate(cells):
            where = struct.pack("<HHH", row, column, int(column in date_columns))
            if isinstance(value, bool):
                sheet += _record(0x205, where + struct.pack("<BB", value, 0))
            elif isinstance(value, str):
                text = value.encode("utf-16-le")
                sheet += _record(0x204, where + struct.pack("<HB", len(value), 1) + text)
            elif value is not None:
                sheet += _record(0x203, where + struct.pack("<d", value))
    ranges = b"".join(struct.pack("<4H", *each) for each in merged)
    sheet += _record(0xE5, struct.pack("<H", len(merged)) + ranges)
    return sheet + _record(0x0A, b"")


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data
