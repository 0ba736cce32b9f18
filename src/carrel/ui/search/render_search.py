"""Renders search results. Pure functions; everything is escaped here."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from carrel.core.documents import Source
from carrel.services.citations.source_sentences import normalized_terms
from carrel.services.text.words import word_matches
from carrel.ui.chat.render_exchange import source_item
from carrel.ui.i18n.texts import ENGLISH, Texts


def empty_html(texts: Texts) -> str:
    """Return the hint before the first search."""
    return f'<p class="search-hint">{texts.html("search.hint")}</p>'


def found_html(query: str, found: Sequence[Source], texts: Texts = ENGLISH) -> str:
    """Return the passages, best first, with the words of the query highlighted."""
    if not found:
        return '<p class="search-hint" role="status">' + texts.html("search.nothing") + "</p>"
    items = "".join(
        source_item(each, f"found.{each.index}", with_words_marked(each.text, query), texts)
        for each in found
    )
    line = escape(texts.counted("search.found", len(found)))
    return f'<p class="search-hint" role="status">{line}</p><ol class="source-list">{items}</ol>'


def with_words_marked(text: str, query: str) -> str:
    """Return a text as HTML with the words of a query highlighted, whatever their endings."""
    wanted = normalized_terms(query)
    parts: list[str] = []
    written = 0
    for word in word_matches(text):
        if normalized_terms(word[0]) & wanted:
            parts.append(f"{escape(text[written : word.start()])}<mark>{escape(word[0])}</mark>")
            written = word.end()
    return "".join(parts) + escape(text[written:])
