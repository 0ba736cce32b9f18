"""What documents from the web are called."""

from __future__ import annotations

import pytest

from carrel.core.errors import UnsupportedFormat
from carrel.ingest.registry import default_registry
from carrel.web.address import WebAddress
from carrel.web.fetching import Answer
from carrel.web.naming import DocumentNames, may_be_document

SUPPORTS = default_registry().supports


def answer(url: str, content_type: str = "", disposition: str = "") -> Answer:
    headers = {"content-type": content_type, "content-disposition": disposition}
    return Answer(WebAddress.parse(url), 200, headers)


@pytest.mark.parametrize(
    ("url", "content_type", "disposition", "name"),
    [
        ("example.org/report.pdf", "application/pdf", "", "report.pdf"),
        ("example.org/report", "application/pdf", "", "report.pdf"),
        ("example.org/pdf/2101.00001v2", "application/pdf", "", "2101.00001v2.pdf"),
        ("example.org/report.PDF?x=1", "application/octet-stream", "", "report.PDF"),
        ("example.org/", "text/html; charset=utf-8", "", "example.org.html"),
        ("example.org/index.php", "text/html", "", "index.php.html"),
        ("example.org/page.htm", "TEXT/HTML", "", "page.htm"),
        ("example.org/report.pdf", "text/html", "", "report.pdf.html"),
        ("example.org/README.md", "text/plain", "", "README.md"),
        ("example.org/notes", "text/plain", "", "notes.txt"),
        ("example.org/data", "application/json", "", "data.json"),
        ("example.org/a%20b%2Fc.txt", "text/plain", "", "c.txt"),
        ("example.org/%2e%2e%2f%2e%2e%2fpasswd", "text/plain", "", "passwd.txt"),
        ("example.org/%ff", "text/plain", "", "\ufffd.txt"),
        ("example.org/get?id=1", "application/pdf", 'attachment; filename="A b.pdf"', "A b.pdf"),
        ("example.org/get", "application/pdf", "attachment; filename*=UTF-8''%C3%BC.pdf", "ü.pdf"),
        ("example.org/get", "text/plain", 'attachment; filename="../../etc/passwd"', "passwd.txt"),
        ("example.org/get", "text/plain", 'attachment; filename="C:\\\\a\\\\b.txt"', "b.txt"),
        ("example.org/get", "text/plain", 'attachment; filename=".."', "get.txt"),
        ("example.org/get", "text/plain", "attachment; filename*=nonsense''%zz", "%zz.txt"),
        ("example.org/get", "text/plain", "attachment", "get.txt"),
        ("example.org/get", "text/plain", '"', "get.txt"),
    ],
)
def test_a_document_has_a_short_name(
    url: str, content_type: str, disposition: str, name: str
) -> None:
    assert DocumentNames(SUPPORTS).short(answer(url, content_type, disposition)) == name


@pytest.mark.parametrize(
    ("url", "content_type", "name"),
    [
        ("example.org", "text/html", "example.org/index.html"),
        ("example.org/docs/", "text/html", "example.org/docs/index.html"),
        ("example.org/docs", "text/html", "example.org/docs.html"),
        ("example.org/a/b.pdf", "application/pdf", "example.org/a/b.pdf"),
        ("example.org/view?id=3", "text/html", "example.org/view?id=3.html"),
        ("example.org/view?a=/../b", "text/html", "example.org/view?a=_.._b.html"),
        ("example.org/%2e%2e%2fa", "text/plain", "example.org/a.txt"),
    ],
)
def test_a_page_of_a_site_is_named_by_its_place(url: str, content_type: str, name: str) -> None:
    assert DocumentNames(SUPPORTS).long(answer(url, content_type)) == name


def test_no_two_documents_of_a_request_have_one_name() -> None:
    names = DocumentNames(SUPPORTS)
    given = [
        names.short(answer(url, "text/html"))
        for url in ("a.org/x", "b.org/x", "https://b.org:81/x", "b.org/x")
    ]
    assert given == ["x.html", "b.org/x.html", "b.org/x (2).html", "b.org/x (3).html"]


def test_a_long_name_keeps_its_ending() -> None:
    name = DocumentNames(SUPPORTS).long(answer("example.org/" + "a" * 3000, "application/pdf"))
    assert (len(name), name[-5:]) == (255, "a.pdf")


@pytest.mark.parametrize("content_type", ["video/mp4", "application/octet-stream", ""])
def test_what_cannot_be_read_is_refused(content_type: str) -> None:
    with pytest.raises(UnsupportedFormat, match="Carrel reads"):
        DocumentNames(SUPPORTS).short(answer("example.org/a", content_type))


@pytest.mark.parametrize(
    ("url", "may"),
    [
        ("example.org/a.pdf", True),
        ("example.org/a", True),
        ("example.org/", True),
        ("example.org/v1.2", True),
        ("example.org/a.xhtml", True),
        ("example.org/a.mp4", False),
        ("example.org/a.exe", False),
        ("example.org/a.mp4?b.pdf", False),
    ],
)
def test_links_to_other_things_are_not_followed(url: str, may: bool) -> None:
    assert may_be_document(WebAddress.parse(url), SUPPORTS) is may
