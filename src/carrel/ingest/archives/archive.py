"""Archives: their files are read by the matching readers, nested archives included."""

from __future__ import annotations

import bz2
import gzip
import lzma
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, cast

from carrel.core.documents import Section
from carrel.core.errors import EncryptedDocument
from carrel.ingest.archives.embedded_files import ContainerReader, Contents
from carrel.ingest.text.encoding import decode

_ENCRYPTED_FLAG = 0x1
_UNIX_ATTRIBUTES = 16
_GZIP_NAMED, _GZIP_EXTRA, _GZIP_HEADER = 0x8, 0x4, 10
_GZIP_SIGNATURE = b"\x1f\x8b"
_LONGEST_NAME = 1_000
_COMPRESSED_SUFFIXES = frozenset((".gz", ".bz2", ".xz"))
# What systems add to the files that people packed.
_OWN_FOLDERS, _OWN_FILES = frozenset(("__MACOSX",)), frozenset((".DS_Store", "Thumbs.db"))


_UTF8_NAME_FLAG = 0x800
_Opened = Callable[[Path], IO[bytes]]


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
            names = _zip_names(entries)
            for entry, name in zip(entries, names, strict=True):
                link = stat.S_ISLNK(entry.external_attr >> _UNIX_ATTRIBUTES)
                if not link and _is_wanted(name):
                    with archive.open(entry) as stream:
                        yield from contents.read(name, stream)


class TarReader(ContainerReader):
    """Reads TAR, optionally compressed by gzip, bzip2 or xz; only regular files count."""

    def sections(self, path: Path, contents: Contents) -> Iterator[Section]:
        """Yield the sections of one file after the other."""
        with tarfile.open(path, "r:*") as archive:
            for member in archive:
                stream = archive.extractfile(member) if member.isreg() else None
                if stream is not None and _is_wanted(member.name):
                    name = decode(member.name.encode("utf-8", errors="surrogateescape"))
                    yield from contents.read(name, stream)
                # The list of members would grow with the archive.
                archive.members = []  # type: ignore[attr-defined]


class CompressedReader(TarReader):
    """Reads one file compressed by gzip, bzip2 or xz, or the TAR archive in it."""

    def sections(self, path: Path, contents: Contents) -> Iterator[Section]:
        """Yield the sections of the compressed file."""
        if tarfile.is_tarfile(path):
            yield from super().sections(path, contents)
            return
        with path.open("rb") as stream:
            head = stream.read(_GZIP_HEADER + _LONGEST_NAME)
        opened = next((each for mark, each in _COMPRESSIONS if head.startswith(mark)), gzip.open)
        with opened(path) as stream:
            yield from contents.read(_packed_name(path, head), cast("IO[bytes]", stream))


_COMPRESSIONS: tuple[tuple[bytes, _Opened], ...] = (
    (b"BZh", cast("_Opened", bz2.open)),
    (b"\xfd7zXZ", cast("_Opened", lzma.open)),
)


def _zip_names(entries: list[zipfile.ZipInfo]) -> list[str]:
    """Return the names; those without a mark for UTF-8 are in the encoding of some system.

    The library reads them as code page 437. Together they are long enough to guess by.
    """
    unmarked = [each.filename for each in entries if not each.flag_bits & _UTF8_NAME_FLAG]
    raw = "\n".join(name.replace("\n", " ") for name in unmarked)
    decoded = decode(raw.encode("cp437", errors="replace")).split("\n")
    if len(decoded) != len(unmarked):  # taken for two bytes a character
        decoded = unmarked
    names = iter(decoded)
    return [each.filename if each.flag_bits & _UTF8_NAME_FLAG else next(names) for each in entries]


def _is_wanted(name: str) -> bool:
    place = PurePosixPath(name)
    return place.name not in _OWN_FILES and not _OWN_FOLDERS.intersection(place.parts)


def _packed_name(path: Path, head: bytes) -> str:
    """Return the name in the gzip header (RFC 1952), or the file's own; plain text by default.

    The file's own name may be one of the store, without a suffix.
    """
    flags = head[3] if head.startswith(_GZIP_SIGNATURE) and len(head) > _GZIP_HEADER else 0
    if flags & _GZIP_NAMED and not flags & _GZIP_EXTRA:
        name = decode(head[_GZIP_HEADER:].partition(b"\0")[0], "latin-1")
    else:
        name = path.stem if path.suffix in _COMPRESSED_SUFFIXES else path.name
    return name if PurePosixPath(name).suffix else f"{name}.txt"
