"""Seeded damage to files, the way disks, downloads and editors do it."""

from __future__ import annotations

import io
import random
import zipfile


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


def zip_of(parts: dict[str, bytes]) -> bytes:
    """Return a zip archive with the given parts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()
