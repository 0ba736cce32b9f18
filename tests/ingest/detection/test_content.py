from __future__ import annotations

import io
import tarfile
import zlib
from pathlib import Path

import pytest

from carrel.ingest.detection.content import Content, identify
from samples.damaged_files import zip_of
from samples.documents import write_docx, write_pdf, write_pptx, write_text, write_xlsx
from samples.old_documents import ole_container, write_xls
from samples.open_documents import write_epub, write_odp, write_ods, write_odt

ODF = b"application/vnd.oasis.opendocument."
PARTS = b"MIME-Version: 1.0\r\nContent-Type: multipart/%s; boundary=x\r\n\r\n--x\r\n"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


def identify_bytes(tmp_path: Path, data: bytes) -> Content:
    path = tmp_path / "file"
    path.write_bytes(data)
    return identify(path)


def test_real_documents_are_distinguished(tmp_path: Path) -> None:
    assert identify(write_pdf(tmp_path / "a", ["text"])) is Content.PDF
    assert identify(write_docx(tmp_path / "b", ["text"])) is Content.WORD
    assert identify(write_pptx(tmp_path / "c", [("a", "b", "")])) is Content.PRESENTATION
    assert identify(write_xlsx(tmp_path / "d", {"S": [["a"]]})) is Content.WORKBOOK
    assert identify(write_odt(tmp_path / "e", ["text"])) is Content.OPEN_TEXT
    assert identify(write_ods(tmp_path / "f", {"S": [["a"]]})) is Content.OPEN_SPREADSHEET
    assert identify(write_odp(tmp_path / "g", [("a", "b", "")])) is Content.OPEN_PRESENTATION
    assert identify(write_epub(tmp_path / "h", {"a": "text"})) is Content.BOOK


@pytest.mark.parametrize(
    ("data", "content"),
    [
        (b"", Content.EMPTY),
        (b"plain text", Content.TEXT),
        (b"A PDF begins with %PDF-1.7, says this note.", Content.TEXT),
        (b"\xff\xfet\0e\0x\0t\0", Content.TEXT),
        ("längerer Text".encode("utf-16-be"), Content.TEXT),
        ("売上高は増加した。\n".encode("shift_jis"), Content.TEXT),
        (b"a log line\n" * 100 + b"\0\0\0" + b"\x1b[31mred\x1b[0m", Content.TEXT),
        (bytes(range(256)) * 4, Content.BINARY),
        (PARTS % b"mixed", Content.MAIL),
        (b"From ada Mon Mar 2\n" + PARTS % b"alternative", Content.MAIL),
        (b"From: <Saved by Blink>\n" + PARTS % b"related", Content.SAVED_PAGE),
        (b"MIME-Version: 1.0\nContent-Type: text/plain\n\none", Content.TEXT),
        (b"A mail begins so:\n" + PARTS % b"mixed", Content.TEXT),
        (b"\n%PDF-1.4\n", Content.PDF),
        (b"\0\1\2\3 junk before %PDF-1.4\n", Content.PDF),
        (b"{\\rtf1 text}", Content.RTF),
        (b"\x89PNG\r\n\x1a\n\0\0", Content.PNG),
        (b"\xff\xd8\xff\xe0", Content.JPEG),
        (b"RIFF\0\0\0\0WEBPVP8 ", Content.WEBP),
        (b"BM" + bytes(12) + b"\x28\0\0\0", Content.BMP),
        (b"BMW and other makers", Content.TEXT),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", Content.HEIC),
        (b"\0\0\0\x14ftypmif1\0\0\0\0heicavif", Content.HEIC),
        (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf", Content.AVIF),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif", Content.AVIF),
        (b"\0\0\0\x18ftypisom\0\0\0\0isommp42", Content.BINARY),
        (b"\x1f\x8b\x08", Content.GZIP),
        (b"\x7fELF\2\1\1", Content.PROGRAM),
        (zip_of({"a.txt": b"a"}), Content.ZIP),
        (zip_of({"word/a.txt": b"a", "xl/b.txt": b"b"}), Content.ZIP),
        (zip_of({"[Content_Types].xml": b"", "word/document.xml": b""}), Content.WORD),
        (zip_of({"word/document.xml": b"a" * 999})[:-30], Content.DAMAGED_ZIP),
        (zip_of({"mimetype": ODF + b"text-template\n"}), Content.OPEN_TEXT),
        (zip_of({"mimetype": ODF + b"graphics"}), Content.ZIP),
        (zip_of({"mimetype": bytes(1 << 20)}), Content.ZIP),
        (zip_of({"META-INF/container.xml": b"x"}), Content.BOOK),
        (zip_of({"mimetype": ODF, "META-INF/container.xml": b"x"}), Content.ZIP),
        (OLE + "EncryptedPackage".encode("utf-16-le"), Content.ENCRYPTED_OFFICE),
        (OLE + "WordDocument".encode("utf-16-le"), Content.OLD_WORD),
        (OLE + "Workbook".encode("utf-16-le"), Content.OLD_WORKBOOK),
        (OLE + "PowerPoint Document".encode("utf-16-le"), Content.OLD_PRESENTATION),
        (OLE, Content.DAMAGED_OLE),
    ],
)
def test_content_is_known_by_its_bytes(tmp_path: Path, data: bytes, content: Content) -> None:
    assert identify_bytes(tmp_path, data) is content


def test_an_old_document_is_known_by_its_own_streams_and_not_by_words_in_it(
    tmp_path: Path,
) -> None:
    path = write_xls(tmp_path / "a.xls", {"S": [["WordDocument", "EncryptedPackage"]]})
    assert identify(path) is Content.OLD_WORKBOOK
    path.write_bytes(ole_container("PowerPoint Document", "WordDocument".encode("utf-16-le")))
    assert identify(path) is Content.OLD_PRESENTATION
    path.write_bytes(ole_container("Book", b"Excel 95"))
    assert identify(path) is Content.OLD_WORKBOOK
    path.write_bytes(ole_container("Contents", "Workbook".encode("utf-16-le")))
    assert identify(path) is Content.OLD_OFFICE


def test_archives_and_compressed_data_are_not_text(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("empty"))
    assert identify_bytes(tmp_path, buffer.getvalue()) is Content.TAR
    packed = zlib.compress(b"".join(str(number).encode() for number in range(5000)))
    assert identify_bytes(tmp_path, packed) is Content.BINARY


def test_a_missing_file_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        identify(tmp_path / "missing")


def test_text_in_any_unicode_encoding_is_text(tmp_path: Path) -> None:
    for encoding in ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"):
        path = write_text(tmp_path / encoding, "Ein Satz. Заглавие. 見出し。\n", encoding)
        assert identify(path) is Content.TEXT
