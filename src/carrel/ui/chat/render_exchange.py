"""Renders questions with answers and sources. Pure functions; everything is escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from carrel.core.chat import Stage
from carrel.core.document_tasks import Action
from carrel.core.documents import Source
from carrel.ui.chat.render_answer import answer_html, legend_html
from carrel.ui.i18n.texts import ENGLISH, Texts
from carrel.ui.shell.render import confirmed_delete, error_line, state_text
from carrel.ui.state.exchange import Exchange

SOURCES_SHOWN = 3
"""Sources shown of an answer that cites none."""


def exchanges_html(exchanges: Iterable[Exchange], texts: Texts = ENGLISH) -> str:
    """Return several questions with their answers, from the first of a chat on."""
    return "".join(exchange_html(each, turn, texts) for turn, each in enumerate(exchanges))


def exchange_html(
    exchange: Exchange, turn: int = 0, texts: Texts = ENGLISH, *, continuable: bool = False
) -> str:
    """Return a question, its answer, its state, and its sources.

    ``turn`` is its position in the chat, from 0. With ``continuable`` there is a button to
    continue.
    """
    parts = [f'<h2 class="question">{escape(exchange.question)}</h2>']
    if exchange.stage is None:
        parts.append(_edit_html(exchange, turn, texts))
    if exchange.text:
        kind = " writing" if exchange.stage is Stage.WRITING else ""
        kind += " abstained" if exchange.abstained else ""
        answer = answer_html(exchange.text, exchange.sentences, turn, texts)
        parts.append(f'<div class="answer{kind}">{answer}</div>')
        if not exchange.abstained:
            parts.append(legend_html(exchange.sentences, texts))
    if exchange.error:
        parts.append(error_line(exchange.error))
        parts.append(
            f'<button class="quiet" data-action="ask_again" data-id="{turn}">'
            f"{texts.html('retry')}</button>"
        )
    if state := state_text(exchange, texts):
        busy = " busy" if exchange.stage else ""
        parts.append(f'<p class="state{busy}" role="status">{escape(state)}</p>')
    if exchange.stage is None:
        parts.append(_actions_html(exchange, turn, texts, continuable=continuable))
    # The result of a search is its sources.
    most = SOURCES_SHOWN if exchange.text else None
    parts.append(sources_html(exchange.sources, turn, texts, most))
    return f'<section class="exchange">{"".join(parts)}</section>'


def _edit_html(exchange: Exchange, turn: int, texts: Texts) -> str:
    task = exchange.task
    question = exchange.question if task is None else task.focus
    # A summary without a focus has no text.
    needed = "required " if task is None or task.action is Action.SEARCH else ""
    send = "question.ask" if task is None else f"task.{task.action.value}"
    edit = texts.html("question.edit")
    return (
        '<div class="confirmed edit"><button class="icon-button" data-ask data-edit '
        f'aria-label="{edit}" title="{edit}">'
        '<span class="glyph icon-edit"></span></button>'
        f'<form class="confirm" data-action="edit_question" data-id="{turn}" hidden>'
        f'<textarea name="question" aria-label="{texts.html("question.edited")}" rows="2" '
        f"{needed}data-first>\n{escape(question)}</textarea>"
        f'<span class="choices"><button class="primary">{texts.html(send)}</button>'
        f'<button class="quiet" type="button" data-keep>{texts.html("cancel")}</button></span>'
        "</form></div>"
    )


def _actions_html(exchange: Exchange, turn: int, texts: Texts, *, continuable: bool) -> str:
    parts = []
    if continuable:
        parts.append(
            f'<button class="quiet" data-action="continue_answer" data-id="{turn}">'
            f"{texts.html('answer.continue')}</button>"
        )
    if exchange.text:
        copied = f'data-copy-answer data-copied="{texts.html("copied")}"'
        parts.append(_icon("copy", texts("answer.copy"), copied))
    # A failed one has a visible retry button instead.
    if not exchange.error:
        again = f'data-action="ask_again" data-id="{turn}"'
        parts.append(_icon("again", texts("answer.again"), again))
    label = texts("question.delete", question=exchange.question)
    parts.append(confirmed_delete("delete_exchange", str(turn), label, texts))
    if len(exchange.versions) > 1 and exchange.turn in exchange.versions:
        at = exchange.versions.index(exchange.turn)
        parts.append(_switch_html(exchange, at, turn, texts))
    return f'<div class="exchange-actions">{"".join(parts)}</div>'


def _switch_html(exchange: Exchange, at: int, turn: int, texts: Texts) -> str:
    def button(step: int, icon: str, label: str) -> str:
        to = at + step
        if not 0 <= to < len(exchange.versions):
            return _icon(icon, label, "disabled")
        identity = f'data-action="show_version" data-id="{turn}.{exchange.versions[to]}"'
        return _icon(icon, label, identity)

    place = texts.html("answer.versions.at", at=at + 1, count=len(exchange.versions))
    return (
        f'<span class="versions" role="group" aria-label="{texts.html("answer.versions")}">'
        f"{button(-1, 'previous', texts('answer.versions.before'))}"
        f"<span>{place}</span>"
        f"{button(1, 'next', texts('answer.versions.after'))}</span>"
    )


def _icon(icon: str, label: str, attributes: str) -> str:
    named = f'aria-label="{escape(label)}" title="{escape(label)}"'
    return (
        f'<button class="icon-button" {attributes} {named}>'
        f'<span class="glyph icon-{icon}"></span></button>'
    )


def sources_html(
    sources: Sequence[Source],
    turn: int = 0,
    texts: Texts = ENGLISH,
    most: int | None = SOURCES_SHOWN,
) -> str:
    """Return the cited sources; the others are folded.

    Without citations the first ``most`` are shown; None for all.
    """
    if not sources:
        return ""
    used = [each for each in sources if each.used]
    shown = used or sources[:most]
    hidden = [each for each in sources if not each.used] if used else sources[most:]
    more = ""
    if hidden:
        kind = "unused" if used else "more"
        line = escape(texts.counted(f"answer.sources.{kind}", len(hidden)))
        more = (
            f'<details class="more-sources"><summary>{line}</summary>'
            f"{_source_list(hidden, turn, texts)}</details>"
        )
    return (
        f'<div class="sources" aria-label="{texts.html("sources.label")}">'
        f"{_source_list(shown, turn, texts)}{more}</div>"
    )


def _source_list(sources: Sequence[Source], turn: int, texts: Texts) -> str:
    items = "".join(
        source_item(each, f"source.{turn}.{each.index}", _with_quote_marked(each), texts)
        for each in sources
    )
    return f'<ol class="source-list">{items}</ol>'


def source_item(source: Source, identity: str, passage: str, texts: Texts = ENGLISH) -> str:
    """Return a source as an item of a list; ``passage`` is its text as HTML."""
    page = ""
    if source.page:
        page = f'<span class="source-page">{texts.html("source.page", page=source.page)}</span>'
    return (
        '<li class="source"><div class="source-head">'
        f'<span class="source-number">{source.index}</span>'
        f'<button class="source-file" data-action="open_place" data-id="{escape(identity)}" '
        f'title="{texts.html("source.show", document=source.document)}">'
        f"{escape(source.document)}</button>{page}"
        f'<span class="source-score" title="{texts.html("source.score")}">'
        f"{texts.decimal(source.score, 2)}</span></div>"
        f'<blockquote class="source-quote">{escape(source.quote)}</blockquote>'
        f'<details class="passage"><summary>{texts.html("source.passage")}</summary>'
        f"<p>{passage}</p></details></li>"
    )


def _with_quote_marked(source: Source) -> str:
    before, quote, after = source.text.partition(source.quote) if source.quote else ("", "", "")
    if not quote:
        return escape(source.text)
    return f"{escape(before)}<mark>{escape(quote)}</mark>{escape(after)}"
