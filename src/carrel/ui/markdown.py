"""Answers are Markdown from a model that may repeat what hostile documents told it to write.

HTML is shown as text. Nothing is fetched: an image becomes its description. A link is followed
only by a click, in a new tab that learns nothing of this page.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

LINK_SCHEMES = ("http://", "https://", "mailto:")


class InertRenderer(RendererHTML):
    """Renders images as text and links so that they give nothing away."""

    def image(
        self, tokens: Sequence[Token], index: int, options: OptionsDict, environment: EnvType
    ) -> str:
        """Render the description and the address of an image, as text."""
        token = tokens[index]
        label = self.renderInlineAsText(token.children, options, environment)
        address = str(token.attrs.get("src", ""))
        words = " ".join(part for part in ("Image:", label.strip(), address) if part)
        return f'<span class="image-left-out">[{escape(words)}]</span>'

    def link_open(
        self, tokens: Sequence[Token], index: int, options: OptionsDict, environment: EnvType
    ) -> str:
        """Open a link in a new tab, without referrer; the title shows where it leads."""
        token = tokens[index]
        address = str(token.attrs.get("href", ""))
        token.attrs = {
            "href": address,
            "title": address,
            "target": "_blank",
            "rel": "noopener noreferrer nofollow",
        }
        return self.renderToken(tokens, index, options, environment)


class AnswerMarkdown(MarkdownIt):
    """CommonMark with tables; HTML is text, and a line break is a line break."""

    def __init__(self) -> None:
        super().__init__("commonmark", {"html": False, "breaks": True}, renderer_cls=InertRenderer)
        self.enable(["table", "strikethrough"])

    def validateLink(self, url: str) -> bool:  # noqa: N802 - the parser's own name
        """Whether an address may be a link; where not, the text stays as it was written."""
        return url.lower().startswith(LINK_SCHEMES)


_PARSER = AnswerMarkdown()


def markdown_to_html(text: str) -> str:
    """Return the HTML of Markdown; safe to put into the page whatever the text holds."""
    return str(_PARSER.render(text))
