"""Outlook messages, made by code: compound files (MS-CFB) with the streams of MS-OXMSG."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path

_SECTOR, _MINI_SECTOR, _MINI_CUTOFF = 512, 64, 4096
_FREE, _END, _FAT_SECTOR, _NONE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF
_STORAGE, _STREAM, _ROOT = 1, 2, 5

Tree = Mapping[str, "bytes | Tree"]


class _Sectors:
    """Equal parts of a file, and the table that says which follows which."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.data = bytearray()
        self.table: list[int] = []

    def add(self, data: bytes) -> int:
        """Store a stream and return its first sector."""
        count = -(-len(data) // self.size)
        if not count:
            return _END
        first = len(self.table)
        self.table += [*range(first + 1, first + count), _END]
        self.data += data.ljust(count * self.size, b"\0")
        return first


def compound_file(tree: Tree) -> bytes:
    """Return a compound file with streams (bytes) and storages (mappings) by name."""
    sectors, minis = _Sectors(_SECTOR), _Sectors(_MINI_SECTOR)
    entries: list[bytes] = [b""]
    child = _add_entries(tree, entries, sectors, minis)
    content = sectors.add(bytes(minis.data))
    entries[0] = _entry("Root Entry", _ROOT, _NONE, child, content, len(minis.data))
    mini_table = _table_bytes(minis.table)
    first_mini = sectors.add(mini_table)
    directory = sectors.add(b"".join(entries))
    tables = 1
    while tables * _SECTOR // 4 < len(sectors.table) + tables:
        tables += 1
    places = list(range(len(sectors.table), len(sectors.table) + tables))
    table = _table_bytes([*sectors.table, *[_FAT_SECTOR] * tables])
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6xIII4x", 0x3E, 3, 0xFFFE, 9, 6, 0, tables, directory)
    header += struct.pack(
        "<IIIII", _MINI_CUTOFF, first_mini, -(-len(mini_table) // _SECTOR), _END, 0
    )
    header += struct.pack("<109I", *places, *[_FREE] * (109 - tables))
    return header + bytes(sectors.data) + table


def write_msg(
    path: Path,
    text: str = "",
    subject: str = "Alpha",
    html: bytes = b"",
    attachments: Mapping[str, bytes] | None = None,
    inner: Mapping[str, str] | None = None,
) -> Path:
    """Write a message from Ada to Bob; without text, page and subject it is blank.

    ``inner`` are messages attached as such: their texts by their subjects.
    """
    files = attachments or {}
    values: dict[tuple[int, int], bytes] = {}
    if text or subject or html:
        values[0x0C1A, 0x1F] = "Ada".encode("utf-16-le")
        values[0x0C1F, 0x1F] = "ada@example.org".encode("utf-16-le")
        values[0x0E04, 0x1F] = "Bob".encode("utf-16-le")
        values[0x0037, 0x1F] = subject.encode("utf-16-le")
    if text:
        values[0x1000, 0x1F] = text.encode("utf-16-le")
    if html:
        values[0x1013, 0x102] = html
    header = struct.pack("<8x4I8x", 0, len(files), 0, len(files))
    tree: dict[str, bytes | Tree] = {"__nameid_version1.0": {}, **_properties(header, values)}
    for number, (name, data) in enumerate(files.items()):
        parts = {(0x3707, 0x1F): name.encode("utf-16-le"), (0x3701, 0x102): data}
        tree[f"__attach_version1.0_#{number:08X}"] = _properties(bytes(8), parts)
    for number, (name, said) in enumerate((inner or {}).items(), start=len(files)):
        parts = {(0x0037, 0x1F): name.encode("utf-16-le"), (0x1000, 0x1F): said.encode("utf-16-le")}
        named = _properties(bytes(8), {(0x3001, 0x1F): name.encode("utf-16-le")})
        attached = {"__substg1.0_3701000D": _properties(bytes(24), parts)}
        tree[f"__attach_version1.0_#{number:08X}"] = {**named, **attached}
    path.write_bytes(compound_file(tree))
    return path


def _properties(header: bytes, values: Mapping[tuple[int, int], bytes]) -> dict[str, bytes | Tree]:
    streams: dict[str, bytes | Tree] = {}
    index = header
    for (property_, kind), data in values.items():
        index += struct.pack("<HHIII", kind, property_, 6, len(data), 0)
        streams[f"__substg1.0_{property_:04X}{kind:04X}"] = data
    return {"__properties_version1.0": index, **streams}


def _add_entries(tree: Tree, entries: list[bytes], sectors: _Sectors, minis: _Sectors) -> int:
    """Add the entries of a storage, each the right neighbour of the one before; return the first.

    The format asks for a tree in the order of names; a list in that order is one.
    """
    names = sorted(tree, key=lambda name: (len(name), name.upper()))
    following = _NONE
    for name in reversed(names):
        value = tree[name]
        if isinstance(value, bytes):
            target = sectors if len(value) >= _MINI_CUTOFF else minis
            entry = _entry(name, _STREAM, following, _NONE, target.add(value), len(value))
        else:
            child = _add_entries(value, entries, sectors, minis)
            entry = _entry(name, _STORAGE, following, child, 0, 0)
        following = len(entries)
        entries.append(entry)
    return following


def _entry(name: str, kind: int, right: int, child: int, start: int, size: int) -> bytes:
    encoded = name.encode("utf-16-le") + b"\0\0"
    return struct.pack(
        "<64sHBBIII36xIQ", encoded, len(encoded), kind, 1, _NONE, right, child, start, size
    )


def _table_bytes(table: list[int]) -> bytes:
    data = struct.pack(f"<{len(table)}I", *table)
    return data + b"\xff" * (-len(data) % _SECTOR)
