"""The zip container of Office, OpenDocument and EPUB files."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

from lxml import etree

from carrel.core.errors import EncryptedDocument, UnreadableDocument

MOST_UNPACKED_BYTES = 1 << 30
MOST_UNPACKED_RATIO = 200
# Below this, no ratio is harmful: a small sheet of equal cells compresses well.
_HARMLESS_BYTES = 16 << 20
_ENCRYPTED_FLAG = 0x1


def require_sound_package(path: Path) -> None:
    """Refuse a container that would unpack to an absurd size, from its directory only.

    The directory can be trusted for this: unpacking stops at the declared size.

    Raises:
        UnreadableDocument: more than ``MOST_UNPACKED_BYTES``, or more than
            ``MOST_UNPACKED_RATIO`` times the size of the file.
        EncryptedDocument: a part is encrypted.
        zipfile.BadZipFile: the directory is damaged.
    """
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    packed = max(1, path.stat().st_size)
    if unpacked > MOST_UNPACKED_BYTES:
        raise UnreadableDocument(
            f"it would unpack to {unpacked / 1e9:.1f} GB, more than any real document"
        )
    if unpacked > _HARMLESS_BYTES and unpacked > MOST_UNPACKED_RATIO * packed:
        raise UnreadableDocument(
            f"it would unpack to {unpacked // packed} times its size, more than any real document"
        )
    if any(entry.flag_bits & _ENCRYPTED_FLAG for entry in entries):
        raise EncryptedDocument(
            "it is password protected: save a copy without the password and add that"
        )


def part_root(archive: zipfile.ZipFile, name: str, most_bytes: int) -> Any:
    """Return the root of an XML part; None if it is missing, damaged or larger than that."""
    try:
        if archive.getinfo(name).file_size > most_bytes:
            return None
        parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)
        return etree.fromstring(archive.read(name), parser)
    except (KeyError, zipfile.BadZipFile, etree.XMLSyntaxError):
        return None
