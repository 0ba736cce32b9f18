"""Archives: their files are read by the matching readers, nested archives included."""

from __future__ import annotations

import gzip
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, cast

from carrel.core.documents import Section
from carrel.core.errors import EncryptedDocument
from carrel.ingest.archives.embedded_files import ContainerReader, Contents
from carrel.ingest.text.encoding import decode

_ENCRYPTED_FLAG = 0x1
_UNIX_ATTRIBUTES = 16
_GZIP_NAMED, _GZIP_EXTRA, _GZIP_HEADER = 0x8, 0x4, 10
_LONGEST_NAME = 1_000
# What systems add to the files that people packed.
_OWN_FOLDERS, _OWN_FILES = frozenset(("__MACOSX",)), frozenset((".DS_Store", "Thumbs.db"))


class ZipReader(ContainerReader):
    """Reads ZIP: file by file in the archive's order; links in it are skipped.

    Nothing is unpacked under a name of the archive's, so that no name can escape the folder.
    """

    def sections(self, path: Path, contents: Contents) -> Iterator[Section]:
        """Yield the sections of one file after the other.

        Raises:
            EncryptedDocument: a file in it is password-protected.
        """
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if any(entry.flag_bits & _ENCRYPTED_FLAG for entry in entries):
                raise EncryptedDocument(
                    "it is password protected: unpack it, or pack it without the password"
                )
            for entry in entries:
                link = stat.S_ISLNK(entry.external_attr >> _UNIX_ATTRIBUTES)
                if not link and _is_wanted(entry.filename):
                    with archive.open(entry) as stream:
                        yield from contents.read(entry.filename, stream)


class TarReader(ContainerReader):
    """Reads TAR, optionally compressed by gzip, bzip2 or xz; only regular files count."""

    def sections(self, path: Path, contents: Contents) -> Iterator[Section]:
        """Yield the sections of one file after the other."""
        with tarfile.open(path, "r:*") as archive:
            for member in archive:
                stream = archive.extractfile(member) if member.isreg() else None
                if stream is not None and _is_wanted(member.name):
                    yield from contents.read(member.name, stream)
                # The list of members would grow with the archive.
                archive.members = []  # type: ignore[attr-defined]


class GzipReader(TarReader):
    """Reads one file compressed by gzip, or the TAR archive in it."""

    def sections(self, path: Path, contents: Contents) -> Iterator[Section]:
        """Yield the sections of the compressed file."""
        if tarfile.is_tarfile(path):
            yield from super().sections(path, contents)
            return
        with gzip.open(path) as stream:
            yield from contents.read(_packed_name(path), cast("IO[bytes]", stream))


def _is_wanted(name: str) -> bool:
    place = PurePosixPath(name)
    return place.name not in _OWN_FILES and not _OWN_FOLDERS.intersection(place.parts)


def _packed_name(path: Path) -> str:
    """Return the name in the gzip header (RFC 1952), or the file's own; plain text by default.

    The file's own name may be one of the store, without a suffix.
    """
    with path.open("rb") as stream:
        head = stream.read(_GZIP_HEADER + _LONGEST_NAME)
    flags = head[3] if len(head) > _GZIP_HEADER else 0
    if flags & _GZIP_NAMED and not flags & _GZIP_EXTRA:
        name = decode(head[_GZIP_HEADER:].partition(b"\0")[0], "latin-1")
    else:
        name = path.name.removesuffix(".gz")
    return name if PurePosixPath(name).suffix else f"{name}.txt"
