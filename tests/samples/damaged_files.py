"""Seeded damage to files, the way disks, downloads, editors and enemies do it."""

from __future__ import annotations

import io
import random
import re
import zipfile

_HOSTILE_VALUES = ("", "0", "-1", "99999999", "2147483648", "1e308", "x", "../../x", "ZZZ99999999")
_VALUE = re.compile(r'="([^"]*)"')
_ATTRIBUTE = re.compile(r' [\w:]+="[^"]*"')
_ELEMENT = re.compile(r"<(\w[\w:]*)[^<>]*/>|<(\w[\w:]*)[^<>]*>[^<]*</\2>")
_TEXT = re.compile(r">([^<]+)<")
_TAG = re.compile(r"</?([\w:]+)")


def damaged(data: bytes, generator: random.Random) -> bytes:
    """Return the bytes cut short, with bytes changed, or with a stretch zeroed or repeated."""
    kind = generator.randrange(4)
    begin = generator.randrange(len(data))
    end = min(len(data), begin + generator.randrange(1, 64))
    if kind == 0:
        return data[:begin]
    if kind == 1:
        changed = bytearray(data)
        for _ in range(generator.randrange(1, 20)):
            changed[generator.randrange(len(changed))] = generator.randrange(256)
        return bytes(changed)
    if kind == 2:
        return data[:begin] + bytes(end - begin) + data[end:]
    return data[:end] + data[begin:]


def with_damaged_part(package: bytes, generator: random.Random) -> bytes:
    """Return a sound zip container of which one part is damaged, emptied or missing."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    victim = generator.choice(sorted(parts))
    kind = generator.randrange(4)
    if kind == 0:
        del parts[victim]
    elif kind == 1:
        parts[victim] = b""
    else:
        parts[victim] = damaged(parts[victim], generator)
    return zip_of(parts)


def with_changed_markup(package: bytes, generator: random.Random) -> bytes:
    """Return a sound zip container of which one part is XML that says something else.

    The XML stays well-formed, so that the change reaches what is behind the parser.
    """
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    # What looks and settings are made of is seldom read.
    victims = [
        name
        for name, content in parts.items()
        if content.lstrip().startswith(b"<") and not re.search("theme|slideLayout|docProps", name)
    ]
    victim = generator.choice(sorted(victims))
    text = parts[victim].decode("utf-8")
    for _ in range(generator.randrange(1, 4)):
        text = _changed_markup(text, generator)
    return zip_of(parts | {victim: text.encode("utf-8")})


def _changed_markup(text: str, generator: random.Random) -> str:
    """Return XML with a value replaced, or with an attribute, element or name gone or repeated."""
    kind = generator.randrange(5)
    pattern = (_VALUE, _ATTRIBUTE, _ELEMENT, _TEXT, _TAG)[kind]
    places = list(pattern.finditer(text))
    if not places:
        return text
    place = generator.choice(places)
    if kind in (0, 3):
        return text[: place.start(1)] + generator.choice(_HOSTILE_VALUES) + text[place.end(1) :]
    if kind == 4:
        other = generator.choice(places)[1]
        return re.sub(rf"(?<=[</]){re.escape(place[1])}(?=[\s/>])", lambda _: other, text)
    repeated = place[0] * (generator.choice((0, 2, 3)) if kind == 2 else 0)
    return text[: place.start()] + repeated + text[place.end() :]


def zip_of(parts: dict[str, bytes]) -> bytes:
    """Return a zip archive with the given parts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()
