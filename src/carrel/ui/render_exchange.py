"""Questions with their answers and sources as HTML. Pure functions; everything is escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from carrel.core.chat import Stage
from carrel.core.documents import Source
from carrel.ui.exchange import Exchange
from carrel.ui.render import confirmed_delete, counted, error_line, state_text
from carrel.ui.render_answer import answer_html, legend_html

SOURCES_SHOWN = 3
"""Of an answer that uses none."""


def exchanges_html(exchanges: Iterable[Exchange]) -> str:
    """Return several questions with their answers, from the first of a chat on."""
    return "".join(exchange_html(each, turn) for turn, each in enumerate(exchanges))


def exchange_html(exchange: Exchange, turn: int = 0, *, continue_label: str = "") -> str:
    """Return a question, its answer, the state of it, and its sources.

    ``turn`` is its place in the chat, from 0. ``continue_label`` stands on the button that goes on
    with the answer; empty for none.
    """
    parts = [f'<h2 class="question">{escape(exchange.question)}</h2>']
    if exchange.stage is None:
        parts.append(_edit_html(exchange.question, turn))
    if exchange.text:
        kind = " writing" if exchange.stage is Stage.WRITING else ""
        kind += " abstained" if exchange.abstained else ""
        answer = answer_html(exchange.text, exchange.sentences, turn)
        parts.append(f'<div class="answer{kind}">{answer}</div>')
        if not exchange.abstained:
            parts.append(legend_html(exchange.sentences))
    if exchange.error:
        parts.append(error_line(exchange.error))
        parts.append(
            f'<button class="quiet" data-action="ask_again" data-id="{turn}">Retry</button>'
        )
    if state := state_text(exchange):
        busy = " busy" if exchange.stage else ""
        parts.append(f'<p class="state{busy}" role="status">{escape(state)}</p>')
    if exchange.stage is None:
        parts.append(_actions_html(exchange, turn, continue_label))
    parts.append(sources_html(exchange.sources, turn))
    return f'<section class="exchange">{"".join(parts)}</section>'


def _edit_html(question: str, turn: int) -> str:
    return (
        '<div class="confirmed edit"><button class="icon-button" data-ask data-edit '
        'aria-label="Edit the question" title="Edit the question">'
        '<span class="glyph icon-edit"></span></button>'
        f'<form class="confirm" data-action="edit_question" data-id="{turn}" hidden>'
        f'<textarea name="question" aria-label="The question, edited" rows="2" required data-first>'
        f"\n{escape(question)}</textarea>"
        '<span class="choices"><button class="primary">Ask</button>'
        '<button class="quiet" type="button" data-keep>Cancel</button></span></form></div>'
    )


def _actions_html(exchange: Exchange, turn: int, continue_label: str) -> str:
    parts = []
    if continue_label:
        parts.append(
            f'<button class="quiet" data-action="continue_answer" data-id="{turn}">'
            f"{escape(continue_label)}</button>"
        )
    if exchange.text:
        parts.append(_icon("copy", "Copy the answer", "data-copy-answer"))
    # Where it failed, the button to try again stands there with its name.
    if not exchange.error:
        again = f'data-action="ask_again" data-id="{turn}"'
        parts.append(_icon("again", "Answer again", again))
    label = f"Delete the question and what follows: {exchange.question}"
    parts.append(confirmed_delete("delete_exchange", str(turn), label))
    if len(exchange.versions) > 1 and exchange.turn in exchange.versions:
        parts.append(_switch_html(exchange, exchange.versions.index(exchange.turn), turn))
    return f'<div class="exchange-actions">{"".join(parts)}</div>'


def _switch_html(exchange: Exchange, at: int, turn: int) -> str:
    def button(step: int, icon: str, label: str) -> str:
        to = at + step
        if not 0 <= to < len(exchange.versions):
            return _icon(icon, label, "disabled")
        identity = f'data-action="show_version" data-id="{turn}.{exchange.versions[to]}"'
        return _icon(icon, label, identity)

    return (
        '<span class="versions" role="group" aria-label="Versions">'
        f"{button(-1, 'previous', 'Version before')}"
        f"<span>{at + 1} of {len(exchange.versions)}</span>"
        f"{button(1, 'next', 'Version after')}</span>"
    )


def _icon(icon: str, label: str, attributes: str) -> str:
    return (
        f'<button class="icon-button" {attributes} aria-label="{label}" title="{label}">'
        f'<span class="glyph icon-{icon}"></span></button>'
    )


def sources_html(sources: Sequence[Source], turn: int = 0) -> str:
    """Return the sources that the answer uses; the others wait behind a line.

    Of an answer that uses none, the first few are shown.
    """
    if not sources:
        return ""
    used = [each for each in sources if each.used]
    shown = used or sources[:SOURCES_SHOWN]
    hidden = [each for each in sources if not each.used] if used else sources[SOURCES_SHOWN:]
    more = ""
    if hidden:
        line = (
            f"{counted(len(hidden), 'source')} not used"
            if used
            else counted(len(hidden), "more source")
        )
        more = (
            f'<details class="more-sources"><summary>{line}</summary>'
            f"{_source_list(hidden, turn)}</details>"
        )
    return f'<div class="sources" aria-label="Sources">{_source_list(shown, turn)}{more}</div>'


def _source_list(sources: Sequence[Source], turn: int) -> str:
    items = "".join(
        source_item(each, f"source.{turn}.{each.index}", _with_quote_marked(each))
        for each in sources
    )
    return f'<ol class="source-list">{items}</ol>'


def source_item(source: Source, identity: str, passage: str) -> str:
    """Return a source as an item of a list; ``passage`` is its text as HTML."""
    page = f'<span class="source-page">page {source.page}</span>' if source.page else ""
    return (
        '<li class="source"><div class="source-head">'
        f'<span class="source-number">{source.index}</span>'
        f'<button class="source-file" data-action="open_place" data-id="{escape(identity)}" '
        f'title="Show {escape(source.document)}">{escape(source.document)}</button>{page}'
        f'<span class="source-score" title="How well the passage matches, from 0 to 1">'
        f"{source.score:.2f}</span></div>"
        f'<blockquote class="source-quote">{escape(source.quote)}</blockquote>'
        f'<details class="passage"><summary>Whole passage</summary>'
        f"<p>{passage}</p></details></li>"
    )


def _with_quote_marked(source: Source) -> str:
    before, quote, after = source.text.partition(source.quote) if source.quote else ("", "", "")
    if not quote:
        return escape(source.text)
    return f"{escape(before)}<mark>{escape(quote)}</mark>{escape(after)}"
