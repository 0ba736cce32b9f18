"""Renders the chat. Pure functions; text of documents, names, models and users is escaped here."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from carrel.core.chat import Finished, Stage
from carrel.core.documents import Source
from carrel.core.summaries import SummarizationProgress
from carrel.ui.i18n.texts import ENGLISH, Texts
from carrel.ui.state.exchange import Exchange

EXAMPLES = ("about", "points", "numbers")
"""Number of example questions of an empty chat."""


def time_left(seconds: float, texts: Texts) -> str:
    """Return ``about 40 s left``, ``about 3 min left``."""
    if seconds < 60:
        return texts("time.left.seconds", count=max(1, round(seconds)))
    return texts("time.left.minutes", count=texts.number(round(seconds / 60)))


def error_line(message: str) -> str:
    """Return one line in the style of errors."""
    one_line = " ".join(message.split())
    return f'<p class="error-line" role="alert">{escape(one_line)}</p>'


def notice_line(message: str) -> str:
    """Return one line in the style of notices."""
    return f'<p class="notice-line" role="status">{escape(message)}</p>'


def state_text(exchange: Exchange, texts: Texts = ENGLISH) -> str:
    """Return the stage or the end of the answer; empty if there is nothing to say."""
    if exchange.stage is Stage.WAITING and exchange.position is not None:
        return place_in_line(exchange.position, texts)
    if exchange.stage is Stage.READING_DOCUMENTS and exchange.progress is not None:
        return _reading(exchange.progress, texts)
    if exchange.stage is not None:
        return texts(f"answer.stage.{exchange.stage.value}")
    parts = []
    if exchange.search_query is not None:
        parts.append(texts("answer.searched", query=exchange.search_query))
    if exchange.style is not None:
        parts.append(texts(f"task.style.{exchange.style.value}"))
    if exchange.left_out:
        parts.append(texts.counted("task.left_out", exchange.left_out))
    if exchange.sources:
        parts.append(_sources_used(exchange.sources, texts))
    if exchange.whole and exchange.sources:
        parts.append(texts("answer.read_whole"))
    if exchange.stopped:
        parts.append(texts("stopped"))
    if exchange.cut is not None:
        parts.append(texts(f"answer.cut.{exchange.cut.value}"))
    if exchange.finished is not None:
        parts.extend(_how_it_went(exchange.finished, texts))
    if exchange.scored is not None:
        parts.append(texts("answer.score", score=texts.decimal(exchange.scored.score, 2)))
    return " · ".join(parts)


def _sources_used(sources: Sequence[Source], texts: Texts) -> str:
    used = sum(each.used for each in sources)
    number = texts.counted("count.source", len(sources))
    return texts("answer.sources.used", used=used, sources=number) if used else number


def _reading(progress: SummarizationProgress, texts: Texts) -> str:
    key = "task.reading" if progress.level == 1 else "task.joining"
    done, total = texts.number(progress.parts_done), texts.number(progress.parts_total)
    line = texts(key, done=done, total=total)
    if progress.seconds_left is None or progress.parts_done == progress.parts_total:
        return line
    return f"{line} · {time_left(progress.seconds_left, texts)}"


def place_in_line(position: int, texts: Texts) -> str:
    """Return ``Queued, 2 before you…`` for the third place."""
    if position > 1:
        return texts("answer.line.before", count=position - 1)
    return texts("answer.line.next")


def _how_it_went(finished: Finished, texts: Texts) -> list[str]:
    usage = finished.usage
    parts = [texts("seconds", value=texts.decimal(usage.seconds, 1))]
    if speed := usage.tokens_per_second:
        parts.append(texts("answer.speed", count=texts.decimal(speed, 0)))
    if finished.dropped_turns:
        parts.append(texts.counted("answer.dropped", finished.dropped_turns))
    return parts


def search_field_html(label: str, title: str = "") -> str:
    """Return a search field; ``label`` and ``title`` are escaped already."""
    hint = f' title="{title}"' if title else ""
    return (
        '<input type="search" maxlength="200" autocomplete="off" spellcheck="false" '
        f'aria-label="{label}" placeholder="{label}"{hint}>'
    )


def confirmed_delete(action: str, identity: str, label: str, texts: Texts = ENGLISH) -> str:
    """Return a delete button with a confirmation that triggers ``action``."""
    return (
        '<span class="confirmed">'
        f'<button class="icon-button" data-ask aria-label="{escape(label)}" '
        f'title="{texts.html("delete")}">'
        '<span class="glyph icon-trash"></span></button>'
        '<span class="confirm" hidden>'
        f'<button class="danger" data-action="{action}" data-id="{escape(identity)}">'
        f"{texts.html('delete')}</button>"
        f'<button class="quiet" data-keep>{texts.html("keep")}</button></span></span>'
    )


def welcome_html(
    documents: Sequence[str],
    collection: str | None,
    texts: Texts = ENGLISH,
    *,
    alone: bool = False,
) -> str:
    """Return the empty chat: one sentence, and example questions or a link to add documents.

    ``documents`` are names in ``collection``; None means that no documents are selected. If only
    single documents are selected (``alone``), ``collection`` is their label.
    """
    if collection is None:
        line = texts.html("welcome.model")
        body = f'<p class="welcome-hint">{texts.html("welcome.model.hint")}</p>'
    elif not documents:
        line = texts.html("welcome.documents")
        body = (
            f'<p class="welcome-hint">{texts.html("welcome.empty", collection=collection)}</p>'
            f'<button class="primary" data-view="documents">{texts.html("welcome.add")}</button>'
        )
    else:
        line = texts.html("welcome.documents")
        examples = "".join(
            f'<li><button class="example" data-example="{escape(question)}">{escape(question)}'
            "</button></li>"
            for question in example_questions(documents, texts)
        )
        number = texts.counted("count.document", len(documents))
        key = "welcome.alone" if alone else "welcome.hint"
        hint = texts.html(key, documents=number, collection=collection)
        body = f'<p class="welcome-hint">{hint}</p><ul class="examples">{examples}</ul>'
    return (
        '<section class="welcome"><span class="mark" aria-hidden="true"></span>'
        f"<h1>{line}</h1>{body}</section>"
    )


def example_questions(documents: Sequence[str], texts: Texts = ENGLISH) -> list[str]:
    """Return three questions with names of documents, repeated if there are fewer."""
    return [
        texts(f"welcome.example.{example}", name=documents[index % len(documents)])
        for index, example in enumerate(EXAMPLES)
    ]


def thread_html(content: str, conversation_id: str | None, asked: str = "") -> str:
    """Return the end of a chat, which tells the page's script its id.

    ``asked`` is the key of the shown exchange; a new key scrolls it into view.
    """
    key = f' data-asked="{escape(asked)}"' if asked else ""
    return f'<div class="thread" data-chat="{escape(conversation_id or "")}"{key}>{content}</div>'
