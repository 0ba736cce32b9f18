"""Names that people, archives and enemies give to files; each holds readable text."""

from __future__ import annotations

import unicodedata

HOSTILE_NAMES: dict[str, str] = {
    "long": "n" * 300 + ".txt",
    "long in bytes": "名" * 300 + ".txt",
    "climbing": "../../outside.txt",
    "climbing inside": "a/../../outside.txt",
    "backslashes": "..\\..\\outside.txt",
    "absolute": "/etc/outside.txt",
    "drive": "C:\\outside.txt",
    "zero": "zero\0byte.txt",
    "line break": "two\nlines\r.txt",
    "escape": "red\x1b[31m.txt",
    "turned": "invoice\u202etxt.exe\u202c.txt",
    "isolated": "\u2066hidden\u2069\u200b.txt",
    "markup": "<img src=x onerror=alert(1)>.txt",
    "quotes": "\"a\" 'b' & %00 $(c) `d`;.txt",
    "reserved": "CON.txt",
    "hidden": ".hidden.txt",
    "dots": "...txt.txt",
    "spaces": "   .txt",
    "emoji": "\U0001f600 \U0001f468\u200d\U0001f469.txt",
    "decomposed": unicodedata.normalize("NFD", "Ärger é.txt"),
}


def is_harmless(name: str) -> bool:
    """Whether a name can be shown and stored: printable, not too long, and leading nowhere."""
    return name.isprintable() and 0 < len(name) <= 255 and ".." not in name.split("/")
