"""The links of a page."""

from __future__ import annotations

from pathlib import Path

import pytest

from carrel.web.address import WebAddress
from carrel.web.links import page_links

PAGE = WebAddress.parse("https://example.org/a/page")


def links(path: Path, text: str) -> list[str]:
    path.write_text(text, encoding="utf-8")
    return [str(each) for each in page_links(path, PAGE)]


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ('<a href="b">', ["https://example.org/a/b"]),
        ("<A class=x HREF='/b?c&amp;d=1'>", ["https://example.org/b?c&d=1"]),
        ("<a\n href = /b >", ["https://example.org/b"]),
        ('<a data-href="/no" href="/b">', ["https://example.org/b"]),
        ('<area href="//other.org/b">', ["https://other.org/b"]),
        ('<a href="/b#one"><a href="/b#two">', ["https://example.org/b"]),
        ('<base href="/base/"><a href="b">', ["https://example.org/base/b"]),
        ('<a href="mailto:a@b.org"><a href="javascript:x()"><a href="tel:1"><a name="x">', []),
        ('<a href="http://[">', []),
        ('<a rel="noopener nofollow" href="/b">', []),
        ('<meta name="robots" content="noindex, nofollow"><a href="/b">', []),
        ('<meta name="robots" content="noindex"><a href="/b">', ["https://example.org/b"]),
        ('<!-- <a href="/no"> --><a href="/b"><!-- <a href="/no2">', ["https://example.org/b"]),
        ('<abbr href="/no"><link href="/no">', []),
        ('<a href="/b" <a href="/c">', ["https://example.org/c"]),
        ("", []),
    ],
)
def test_the_links_are_found(tmp_path: Path, text: str, targets: list[str]) -> None:
    assert links(tmp_path / "page", text) == targets


def test_there_is_an_end_to_links(tmp_path: Path) -> None:
    text = "".join(f'<a href="/{number}">' for number in range(10_500))
    assert len(links(tmp_path / "page", text)) == 10_000


@pytest.mark.parametrize(
    "part", ["<a ", '<a href="', "<!--", '<a x="', "<a " + "b=" * 9, "<a a='\"", "-->", "a" * 99]
)
def test_a_page_made_to_take_long_is_read_through(tmp_path: Path, part: str) -> None:
    assert links(tmp_path / "page", part * (4_000_000 // len(part))) == []
