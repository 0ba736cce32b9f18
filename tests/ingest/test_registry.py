from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest

from carrel.core.documents import READABLE
from carrel.core.errors import (
    EmptyDocument,
    EncryptedDocument,
    UnreadableDocument,
    UnsupportedFormat,
)
from carrel.ingest.detection.content import Content
from carrel.ingest.detection.unsupported_formats import UNSUPPORTED_FORMATS
from carrel.ingest.registry import Format, SuffixReaderRegistry, default_registry
from carrel.ingest.text.text import TextReader
from running.real_processes import modules_after
from samples.damaged_files import zip_of
from samples.documents import write_docx, write_pdf, write_pptx, write_text, write_xlsx
from samples.images import write_picture
from samples.old_documents import ole_container
from samples.open_documents import write_odt

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


def refusal(path: Path, name: str) -> UnreadableDocument:
    with pytest.raises(UnreadableDocument) as caught:
        default_registry().reader_for(path, name)
    return caught.value


def test_the_name_decides_and_not_the_path(tmp_path: Path) -> None:
    path = write_text(tmp_path / "0a1b2c", "text")
    reader = default_registry().reader_for(path, "Notes.TXT")
    assert [section.text for section in reader.read(path)] == ["text"]


def test_suffixes_are_sorted_and_supported_in_any_case() -> None:
    registry = default_registry()
    assert list(registry.suffixes()) == sorted(registry.suffixes())
    assert {".pdf", ".docx", ".pptx", ".xlsx", ".html", ".md", ".csv", ".txt"} <= set(
        registry.suffixes()
    )
    for suffix in registry.suffixes():
        assert registry.supports(f"a.b{suffix.upper()}")
    for name in ("a", "a.", ".pdf", "a.exe", "a.pdf.7z", ""):
        assert not registry.supports(name)


@pytest.mark.parametrize("suffix", default_registry().suffixes())
def test_the_reader_that_a_format_names_is_there(suffix: str) -> None:
    reader = default_registry().made_reader(suffix)
    assert callable(reader.read)


def test_asking_what_can_be_read_imports_no_library_of_a_format() -> None:
    asking = "from carrel.ingest.registry import default_registry; default_registry().supports('a')"
    loaded = modules_after(asking)
    assert "carrel.ingest.registry" in loaded
    assert not loaded & {"openpyxl", "docx", "pptx", "lxml", "PIL", "pypdfium2", "xlrd", "oxmsg"}
    assert "charset_normalizer" not in loaded


@pytest.mark.parametrize("name", ["a.exe", "noending", ".hidden"])
def test_an_unknown_ending_names_the_known_ones(tmp_path: Path, name: str) -> None:
    error = refusal(write_text(tmp_path / "a", "text"), name)
    assert type(error) is UnsupportedFormat
    assert f"cannot be read: Carrel reads {READABLE}" in str(error)


@pytest.mark.parametrize(
    ("name", "held", "advice"),
    [
        ("a.pdf", "text", "rename it to end in .txt"),
        ("a.docx", "text", "rename it to end in .txt"),
        ("a.xlsx", "a Word document", "rename it to end in .docx"),
        ("a.docx", "an Excel workbook", "rename it to end in .xlsx"),
        ("a.csv", "an Excel workbook", "rename it to end in .xlsx"),
        ("a.html", "a PDF", "rename it to end in .pdf"),
        ("a.docx", "a zip archive", ""),
        ("a.docx", "an old Word document", "rename it to end in .doc"),
        ("a.doc", "a Rich Text document", "rename it to end in .rtf"),
        ("a.xls", "a document of an old Office version", "save it as .docx, .xlsx or .pptx"),
        ("a.docx", "an OpenDocument text", "rename it to end in .odt"),
        ("a.zip.epub", "a zip archive", ""),
        ("a.md", "binary data", ""),
    ],
)
def test_a_wrong_ending_is_named_with_what_the_file_holds(
    tmp_path: Path, name: str, held: str, advice: str
) -> None:
    path = tmp_path / "file"
    match held:
        case "text":
            write_text(path, "plain")
        case "a Word document":
            write_docx(path, ["text"])
        case "an Excel workbook":
            write_xlsx(path, {"S": [["a"]]})
        case "a PDF":
            write_pdf(path, ["text"])
        case "a zip archive":
            path.write_bytes(zip_of({"a.txt": b"a"}))
        case "an old Word document":
            path.write_bytes(OLE + "WordDocument".encode("utf-16-le"))
        case "a document of an old Office version":
            path.write_bytes(ole_container("Contents", b"drawing"))
        case "an OpenDocument text":
            write_odt(path, ["text"])
        case "a Rich Text document":
            path.write_bytes(b"{\\rtf1 text}")
        case _:
            path.write_bytes(bytes(range(256)))
    error = refusal(path, name)
    assert type(error) is UnsupportedFormat
    assert f"it holds {held}" in str(error)
    assert advice in str(error)


@pytest.mark.parametrize("name", ["a.docx", "a.xlsx", "a.pptx"])
def test_an_encrypted_office_document_asks_for_a_copy_without_password(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(OLE + "EncryptedPackage".encode("utf-16-le"))
    error = refusal(path, name)
    assert type(error) is EncryptedDocument
    assert "password protected" in str(error)


def test_a_picture_of_a_telephone_under_another_name_says_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    assert "it holds a HEIC picture" in str(refusal(path, "a.jpg"))


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("a.mp3", "add what is said in it as .txt"),
        ("a.MOV", "add what is said in it as .txt"),
        ("a.7z", "unpack it, pack the files as .zip and add that"),
        ("a.rar", "unpack it, pack the files as .zip and add that"),
        ("a.pages", "save it as .docx and add that"),
        ("a.numbers", "save it as .xlsx and add that"),
        ("a.key", "save it as .pptx and add that"),
        ("a.djvu", "save it as .pdf and add that"),
        ("a.azw3", "save it as .epub and add that"),
        ("a.one", "save it as .pdf and add that"),
        ("a.vsdx", "save it as .pdf and add that"),
    ],
)
def test_a_known_form_that_is_not_read_says_what_to_do(
    tmp_path: Path, name: str, advice: str
) -> None:
    error = refusal(tmp_path / "missing", name)
    assert type(error) is UnsupportedFormat
    assert str(error) == f"files ending in {name[1:].lower()} cannot be read: {advice}"


def test_no_form_is_both_read_and_refused() -> None:
    assert not UNSUPPORTED_FORMATS.keys() & set(default_registry().suffixes())


def test_an_archive_of_another_kind_under_a_wrong_name_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"7z\xbc\xaf\x27\x1c")
    assert str(refusal(path, "a.zip")) == (
        "its name ends in .zip, but it holds a 7-Zip archive: "
        "unpack it, pack the files as .zip and add that"
    )


OPEN, MICROSOFT = b"vnd.openxmlformats-officedocument.", b"vnd.ms-"


@pytest.mark.parametrize(
    ("suffix", "kind"),
    [
        (".docm", MICROSOFT + b"word.document.macroEnabled"),
        (".dotx", OPEN + b"wordprocessingml.template"),
        (".dotm", MICROSOFT + b"word.template.macroEnabledTemplate"),
        (".pptm", MICROSOFT + b"powerpoint.presentation.macroEnabled"),
        (".ppsx", OPEN + b"presentationml.slideshow"),
        (".ppsm", MICROSOFT + b"powerpoint.slideshow.macroEnabled"),
        (".potx", OPEN + b"presentationml.template"),
        (".potm", MICROSOFT + b"powerpoint.template.macroEnabled"),
        (".xlsm", MICROSOFT + b"excel.sheet.macroEnabled"),
        (".xltx", OPEN + b"spreadsheetml.template"),
        (".xltm", MICROSOFT + b"excel.template.macroEnabled"),
    ],
)
def test_templates_shows_and_files_with_macros_read_like_documents(
    tmp_path: Path, suffix: str, kind: bytes
) -> None:
    path = tmp_path / f"a{suffix}"
    if suffix.startswith(".d"):
        write_docx(path, ["Alpha"])
    elif suffix.startswith(".p"):
        write_pptx(path, [("Alpha", "", "")])
    else:
        write_xlsx(tmp_path / "a.xlsx", {"S": [["Alpha"]]}).rename(path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    types, count = re.subn(
        rb"(?<=application/)[\w.-]+\.(?:document|presentation|sheet)(?=\.main\+xml)",
        kind,
        parts["[Content_Types].xml"],
    )
    assert count == 1
    path.write_bytes(zip_of(parts | {"[Content_Types].xml": types}))
    (section,) = default_registry().reader_for(path, path.name).read(path)
    assert section.text == "Alpha"


def test_the_settings_of_recognition_reach_the_readers(tmp_path: Path) -> None:
    path = write_picture(tmp_path / "a.png", "Alpha")
    reader = default_registry("never").reader_for(path, "a.png")
    with pytest.raises(UnreadableDocument, match="set --ocr=auto"):
        next(reader.read(path))
    for language in ("no_such", "eng+no_such"):
        reader = default_registry("auto", language).reader_for(path, "a.png")
        with pytest.raises(UnreadableDocument, match="tesseract has no language no_such"):
            next(reader.read(path))


def test_a_cut_off_office_document_is_damaged_and_not_unsupported(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "a.docx", ["text"])
    path.write_bytes(path.read_bytes()[:5000])
    for name in ("a.docx", "a.odt", "a.ods", "a.odp", "a.epub"):
        error = refusal(path, name)
        assert type(error) is UnreadableDocument
        assert "cut short" in str(error)


@pytest.mark.parametrize("name", ["a.msg", "a.doc", "a.xls", "a.ppt"])
def test_a_container_without_its_directory_is_damaged_and_not_unsupported(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(ole_container("Contents", b"drawing")[:1000])
    error = refusal(path, name)
    assert type(error) is UnreadableDocument
    assert "cut short" in str(error)


def test_a_cut_off_archive_is_damaged_and_not_unsupported(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zip_of({"a.txt": b"a" * 999})[:-30])
    error = refusal(path, "a.zip")
    assert type(error) is UnreadableDocument
    assert "cut short" in str(error)


def test_an_empty_file_and_a_missing_one_are_named_as_such(tmp_path: Path) -> None:
    empty = tmp_path / "a.pdf"
    empty.touch()
    assert type(refusal(empty, "a.pdf")) is EmptyDocument
    assert "No such file" in str(refusal(tmp_path / "missing.pdf", "missing.pdf"))


def test_reasons_can_follow_the_name_of_the_file(tmp_path: Path) -> None:
    reason = str(refusal(write_text(tmp_path / "a.pdf", "text"), "a.pdf"))
    assert reason[0].islower()
    assert "\n" not in reason
    assert str(tmp_path) not in reason


def test_two_formats_cannot_share_a_suffix() -> None:
    text = Format((".txt",), Content.TEXT, TextReader())
    with pytest.raises(ValueError, match=r"\.txt"):
        SuffixReaderRegistry([text, text])
