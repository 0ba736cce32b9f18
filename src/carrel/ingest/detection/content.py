"""Detects what a file contains, by its first bytes and not by its name."""

from __future__ import annotations

import mmap
import struct
import zipfile
import zlib
from enum import Enum
from pathlib import Path

import olefile

from carrel.ingest.detection.mail_head import is_in_parts, is_saved_page
from carrel.ingest.text.encoding import mark_encoding, unmarked_wide_encoding

_HEAD = 1 << 16
_CONTROL_BYTES = bytes(code for code in range(32) if code not in (8, 9, 10, 12, 13, 27))
_MOST_CONTROL_BYTES = 0.02
_STRAY_BYTES = 2


class Content(Enum):
    """A kind of content; the value is its name in messages."""

    EMPTY = "nothing"
    TEXT = "text"
    MAIL = "a mail (.eml)"
    SAVED_PAGE = "a saved web page (.mhtml)"
    BINARY = "binary data"
    PDF = "a PDF"
    WORD = "a Word document (.docx)"
    PRESENTATION = "a PowerPoint presentation (.pptx)"
    WORKBOOK = "an Excel workbook (.xlsx)"
    OPEN_TEXT = "an OpenDocument text (.odt)"
    OPEN_SPREADSHEET = "an OpenDocument spreadsheet (.ods)"
    OPEN_PRESENTATION = "an OpenDocument presentation (.odp)"
    BOOK = "an EPUB book (.epub)"
    ZIP = "a zip archive"
    DAMAGED_ZIP = "a damaged zip archive"
    ENCRYPTED_OFFICE = "an encrypted Office document"
    OLD_WORD = "an old Word document (.doc)"
    OLD_WORKBOOK = "an old Excel workbook (.xls)"
    OLD_PRESENTATION = "an old PowerPoint presentation (.ppt)"
    OLD_OFFICE = "a document of an old Office version"
    DAMAGED_OLE = "a damaged document of an old Office version"
    OUTLOOK = "an Outlook message (.msg)"
    RTF = "a Rich Text document (.rtf)"
    PNG = "a PNG picture"
    JPEG = "a JPEG picture"
    GIF = "a GIF picture"
    TIFF = "a TIFF picture"
    WEBP = "a WebP picture"
    BMP = "a BMP picture"
    HEIC = "a HEIC picture"
    AVIF = "an AVIF picture"
    GZIP = "a gzip archive"
    BZIP2 = "a bzip2 archive"
    XZ = "an xz archive"
    TAR = "a tar archive"
    SEVEN_ZIP = "a 7-Zip archive"
    RAR = "a RAR archive"
    SQLITE = "an SQLite database"
    PROGRAM = "a program"


_OLE_SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PDF_SIGNATURE = b"%PDF-"
_TAR_SIGNATURE, _TAR_OFFSET = b"ustar", 257
_SIGNATURES: tuple[tuple[bytes, Content], ...] = (
    (b"{\\rtf", Content.RTF),
    (b"\x89PNG\r\n\x1a\n", Content.PNG),
    (b"\xff\xd8\xff", Content.JPEG),
    (b"GIF87a", Content.GIF),
    (b"GIF89a", Content.GIF),
    (b"II*\x00", Content.TIFF),
    (b"MM\x00*", Content.TIFF),
    (b"\x1f\x8b", Content.GZIP),
    (b"BZh", Content.BZIP2),
    (b"\xfd7zXZ\x00", Content.XZ),
    (b"7z\xbc\xaf\x27\x1c", Content.SEVEN_ZIP),
    (b"Rar!\x1a\x07", Content.RAR),
    (b"SQLite format 3\x00", Content.SQLITE),
    (b"\x7fELF", Content.PROGRAM),
)
# Brands of the ISO container of still images (ISO/IEC 23008-12): with HEVC, with AV1, and with
# either, which the brands after the first then tell.
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx")
_AVIF_BRANDS = (b"avif", b"avis")
_STILL_BRANDS = (b"mif1", b"msf1")
# Sizes of the second header, which distinguish a BMP from a text that begins with BM.
_BMP_HEADER_SIZES = (12, 16, 40, 52, 56, 64, 108, 124)
_OFFICE_ENTRY = "[Content_Types].xml"
_PACKAGE_FOLDERS = (
    ("word/", Content.WORD),
    ("ppt/", Content.PRESENTATION),
    ("xl/", Content.WORKBOOK),
)
# Values of the entry ``mimetype`` of a package; those of templates have a suffix.
_PACKAGE_TYPES = (
    (b"application/vnd.oasis.opendocument.text", Content.OPEN_TEXT),
    (b"application/vnd.oasis.opendocument.spreadsheet", Content.OPEN_SPREADSHEET),
    (b"application/vnd.oasis.opendocument.presentation", Content.OPEN_PRESENTATION),
    (b"application/epub+zip", Content.BOOK),
)
_TYPE_ENTRY = "mimetype"
_TYPE_ENDINGS = (b"", b"-template")
_TYPE_BYTES = 100
_BOOK_ENTRY = "META-INF/container.xml"
# Streams of an OLE container.
_OLE_STREAMS = (
    ("__properties_version1.0", Content.OUTLOOK),
    ("EncryptedPackage", Content.ENCRYPTED_OFFICE),
    ("WordDocument", Content.OLD_WORD),
    ("PowerPoint Document", Content.OLD_PRESENTATION),
    ("Workbook", Content.OLD_WORKBOOK),
    ("Book", Content.OLD_WORKBOOK),
)


def identify(path: Path) -> Content:
    """Return what the file contains.

    Raises:
        OSError: the file cannot be opened.
    """
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    if not head:
        return Content.EMPTY
    if head.startswith(_OLE_SIGNATURE):
        return _identify_ole(path)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _identify_zip(path)
    for signature, content in _SIGNATURES:
        if head.startswith(signature):
            return content
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return Content.WEBP
    if (still := _still_picture(head)) is not None:
        return still
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BMP_HEADER_SIZES:
        return Content.BMP
    if head[_TAR_OFFSET:].startswith(_TAR_SIGNATURE):
        return Content.TAR
    if head.lstrip().startswith(_PDF_SIGNATURE):
        return Content.PDF
    if _is_text(head):
        return _kind_of_text(head)
    # PDF readers accept up to 1,024 other bytes before the header.
    return Content.PDF if _PDF_SIGNATURE in head[:1024] else Content.BINARY


def _still_picture(head: bytes) -> Content | None:
    if head[4:8] != b"ftyp":
        return None
    brand = head[8:12]
    # The box: its size, its name, the major brand, its version, and the compatible brands.
    others = head[16 : int.from_bytes(head[:4], "big")]
    compatible = {others[start : start + 4] for start in range(0, len(others), 4)}
    if brand in _AVIF_BRANDS or (brand in _STILL_BRANDS and compatible & set(_AVIF_BRANDS)):
        return Content.AVIF
    return Content.HEIC if brand in (*_HEIC_BRANDS, *_STILL_BRANDS) else None


def _kind_of_text(head: bytes) -> Content:
    if not is_in_parts(head):
        return Content.TEXT
    return Content.SAVED_PAGE if is_saved_page(head) else Content.MAIL


def _identify_zip(path: Path) -> Content:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            declared = _declared_type(archive) if _TYPE_ENTRY in names else None
    except (zipfile.BadZipFile, UnicodeError, ValueError, NotImplementedError):
        # The central directory is at the end: this is what a cut-off file looks like.
        return Content.DAMAGED_ZIP
    if declared is not None:
        return declared
    for folder, content in _PACKAGE_FOLDERS:
        # Users, too, have folders of these names.
        if _OFFICE_ENTRY in names and any(name.startswith(folder) for name in names):
            return content
    # Books that were repacked by hand often lack their type.
    return Content.BOOK if _BOOK_ENTRY in names and _TYPE_ENTRY not in names else Content.ZIP


def _declared_type(archive: zipfile.ZipFile) -> Content | None:
    try:
        with archive.open(_TYPE_ENTRY) as stream:
            declared = stream.read(_TYPE_BYTES).strip()
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        # The last one needs a password.
        return None
    for known, content in _PACKAGE_TYPES:
        if any(declared == known + ending for ending in _TYPE_ENDINGS):
            return content
    return None


def _identify_ole(path: Path) -> Content:
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        streams = _ole_streams(path)
        for name, content in _OLE_STREAMS:
            # In a damaged container, the name anywhere in it is the best evidence.
            found = data.find(name.encode("utf-16-le")) >= 0 if streams is None else name in streams
            if found:
                return content
    return Content.OLD_OFFICE if streams else Content.DAMAGED_OLE


def _ole_streams(path: Path) -> set[str] | None:
    """Return the top-level names of a container, without embedded and attached files.

    None if its directory is damaged; empty if the directory is cut off.
    """
    try:
        with olefile.OleFileIO(str(path)) as container:
            return {entry[0] for entry in container.listdir(streams=True, storages=True)}
    except (OSError, LookupError, ValueError, TypeError, RecursionError, struct.error):
        return None


def _is_text(head: bytes) -> bool:
    """Whether the bytes are text in some encoding; a log may hold a few stray control bytes."""
    if mark_encoding(head) is not None or unmarked_wide_encoding(head) is not None:
        return True
    control = len(head) - len(head.translate(None, _CONTROL_BYTES))
    return control <= max(_STRAY_BYTES, len(head) * _MOST_CONTROL_BYTES)
