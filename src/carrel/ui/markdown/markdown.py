"""Renders Markdown of a model, which may repeat hostile text of documents.

HTML is shown as text. Nothing is fetched: images become their descriptions. Links open only by a
click, in a new tab without a referrer. Code is colored, LaTeX is rendered.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from carrel.ui.i18n.texts import ENGLISH, Texts
from carrel.ui.markdown.code_blocks import code_block_html
from carrel.ui.markdown.formula_rules import add_formulas
from carrel.ui.markdown.formulas import displayed_formula, inline_formula
from carrel.ui.markdown.marks import marks_in, without_marks

LINK_SCHEMES = ("http://", "https://", "mailto:")


class InertRenderer(RendererHTML):
    """Renders images as text, and links without referrer."""

    def image(
        self, tokens: Sequence[Token], index: int, options: OptionsDict, environment: EnvType
    ) -> str:
        """Render the description and the address of an image, as text."""
        token = tokens[index]
        label = self.renderInlineAsText(token.children, options, environment)
        address = str(token.attrs.get("src", ""))
        words = " ".join(
            part for part in (environment["texts"]("image"), label.strip(), address) if part
        )
        return f'<span class="image-left-out">[{escape(words)}]</span>'

    def link_open(
        self, tokens: Sequence[Token], index: int, options: OptionsDict, environment: EnvType
    ) -> str:
        """Open a link in a new tab, without referrer; the title shows its target."""
        token = tokens[index]
        address = str(token.attrs.get("href", ""))
        token.attrs = {
            "href": address,
            "title": address,
            "target": "_blank",
            "rel": "noopener noreferrer nofollow",
        }
        return self.renderToken(tokens, index, options, environment)

    def fence(
        self, tokens: Sequence[Token], index: int, options: OptionsDict, environment: EnvType
    ) -> str:
        """Render a fenced code block; the first word of the info string is its language."""
        words = without_marks(tokens[index].info).split()
        language = words[0] if words else ""
        code = without_marks(tokens[index].content)
        return code_block_html(code, language, environment["texts"])

    def code_block(
        self, tokens: Sequence[Token], index: int, options: OptionsDict, environment: EnvType
    ) -> str:
        """Render an indented code block."""
        return code_block_html(without_marks(tokens[index].content), "", environment["texts"])

    def formula(
        self, tokens: Sequence[Token], index: int, options: OptionsDict, environment: EnvType
    ) -> str:
        """Render an inline formula; marks of the answer move behind it."""
        latex, written = tokens[index].content, tokens[index].markup
        drawn = inline_formula(without_marks(latex), without_marks(written))
        return drawn + marks_in(written)

    def formula_displayed(
        self, tokens: Sequence[Token], index: int, options: OptionsDict, environment: EnvType
    ) -> str:
        """Render a display formula within a paragraph."""
        latex, written = tokens[index].content, tokens[index].markup
        drawn = displayed_formula(without_marks(latex), without_marks(written), "span")
        return drawn + marks_in(written)

    def formula_block(
        self, tokens: Sequence[Token], index: int, options: OptionsDict, environment: EnvType
    ) -> str:
        """Render a display formula."""
        latex, written = tokens[index].content, tokens[index].markup
        return displayed_formula(without_marks(latex), without_marks(written), "div") + "\n"


def _without_links_nowhere(state: StateCore) -> None:
    """Render only the text of links without an address: they would open this page again."""
    for block in state.tokens:
        kept: list[Token] = []
        nowhere = False
        for token in block.children or ():
            if token.type == "link_open" and not token.attrs.get("href"):
                nowhere = True
            elif token.type == "link_close" and nowhere:
                nowhere = False
            else:
                kept.append(token)
        if block.children is not None:
            block.children = kept


class AnswerMarkdown(MarkdownIt):
    """CommonMark with tables; HTML is text, and a line break is a line break."""

    def __init__(self) -> None:
        super().__init__("commonmark", {"html": False, "breaks": True}, renderer_cls=InertRenderer)
        self.enable(["table", "strikethrough"])
        add_formulas(self)
        self.core.ruler.push("links_nowhere", _without_links_nowhere)

    def validateLink(self, url: str) -> bool:  # noqa: N802 - the parser's own name
        """Whether an address may be a link; otherwise the text is unchanged."""
        return url.lower().startswith(LINK_SCHEMES)


_PARSER = AnswerMarkdown()
_LINE_END = re.compile(r"\r\n?|\n")
_NO_PROSE = {"fence", "code_block", "formula_block"}


def markdown_to_html(text: str, texts: Texts = ENGLISH) -> str:
    """Return the HTML of Markdown, safe for the page whatever the text contains."""
    return str(_PARSER.render(text, {"texts": texts}))


def blocks_without_prose(text: str) -> list[tuple[int, int]]:
    """Return the spans of code blocks and display formulas."""
    lines = [0, *(found.end() for found in _LINE_END.finditer(text)), len(text)]
    tokens: list[Token] = []
    _PARSER.block.parse(_LINE_END.sub("\n", text), _PARSER, {}, tokens)
    found = [each.map for each in tokens if each.type in _NO_PROSE and each.map]
    return [(lines[first], lines[min(last, len(lines) - 1)]) for first, last in found]
