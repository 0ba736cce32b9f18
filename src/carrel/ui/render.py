"""The chat as HTML. Pure functions; whatever comes from a document, a name, a model or a user is
escaped here.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from carrel.core.chat import Finished, Stage
from carrel.core.conversations import Ending
from carrel.core.documents import Source
from carrel.ui.exchange import Exchange

STAGES = {
    Stage.READING_DOCUMENTS: "Reading documents…",
    Stage.WAITING: "Waiting…",
    Stage.WRITING: "Writing…",
    Stage.SCORING: "Scoring…",
}
CUT = {
    Ending.LENGTH: "cut at the length limit",
    Ending.TIME: "cut at the time limit",
}


def counted(number: int, noun: str) -> str:
    """Return ``1 page``, ``1,204 pages``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def time_left(seconds: float) -> str:
    """Return ``about 40 s left``, ``about 3 min left``."""
    if seconds < 60:
        return f"about {max(1, round(seconds))} s left"
    return f"about {round(seconds / 60)} min left"


def error_line(message: str) -> str:
    """Return one line in the style of errors."""
    one_line = " ".join(message.split())
    return f'<p class="error-line" role="alert">{escape(one_line)}</p>'


def notice_line(message: str) -> str:
    """Return one line that is no error."""
    return f'<p class="notice-line" role="status">{escape(message)}</p>'


def state_text(exchange: Exchange) -> str:
    """Return what the answer is doing, or how it ended; empty when there is nothing to say."""
    if exchange.stage is Stage.WAITING and exchange.position is not None:
        return place_in_line(exchange.position)
    if exchange.stage is not None:
        return STAGES[exchange.stage]
    parts = []
    if exchange.search_query is not None:
        parts.append(f"searched for “{exchange.search_query}”")
    if exchange.sources:
        parts.append(_sources_used(exchange.sources))
    if exchange.whole and exchange.sources:
        parts.append("read whole")
    if exchange.stopped:
        parts.append("stopped by you")
    if exchange.cut is not None:
        parts.append(CUT[exchange.cut])
    if exchange.finished is not None:
        parts.extend(_how_it_went(exchange.finished))
    if exchange.scored is not None:
        parts.append(f"score {exchange.scored.score:.2f}")
    return " · ".join(parts)


def _sources_used(sources: Sequence[Source]) -> str:
    used = sum(each.used for each in sources)
    return (f"{used} of " if used else "") + counted(len(sources), "source")


def place_in_line(position: int) -> str:
    """Return ``In line, 2 before you…`` for the third place."""
    return f"In line, {position - 1} before you…" if position > 1 else "In line, you are next…"


def _how_it_went(finished: Finished) -> list[str]:
    usage = finished.usage
    parts = []
    parts.append(f"{usage.seconds:.1f} s")
    if speed := usage.tokens_per_second:
        parts.append(f"{speed:.0f} tokens/s")
    if finished.dropped_turns:
        parts.append(f"without the {counted(finished.dropped_turns, 'oldest message')}")
    return parts


def confirmed_delete(action: str, identity: str, label: str) -> str:
    """Return a delete button that asks once before it triggers ``action``."""
    return (
        '<span class="confirmed">'
        f'<button class="icon-button" data-ask aria-label="{escape(label)}" title="Delete">'
        '<span class="glyph icon-trash"></span></button>'
        '<span class="confirm" hidden>'
        f'<button class="danger" data-action="{action}" data-id="{escape(identity)}">'
        "Delete</button>"
        '<button class="quiet" data-keep>Keep</button></span></span>'
    )


def welcome_html(documents: Sequence[str], collection: str | None) -> str:
    """Return the empty chat: one sentence, and questions about documents or where to add some.

    ``documents`` are names in ``collection``; None means that no documents are asked.
    """
    if collection is None:
        line, hint = "Ask the model anything.", "Its answers come without documents and sources."
        body = f'<p class="welcome-hint">{hint}</p>'
    elif not documents:
        line = "Ask your documents."
        body = (
            f'<p class="welcome-hint">{escape(collection)} is empty. Drop a PDF, a Word file or '
            "a spreadsheet here, and every answer names its file and page.</p>"
            '<button class="primary" data-view="documents">Add documents</button>'
        )
    else:
        line = "Ask your documents."
        examples = "".join(
            f'<li><button class="example" data-example="{escape(question)}">{escape(question)}'
            "</button></li>"
            for question in example_questions(documents)
        )
        body = (
            f'<p class="welcome-hint">{counted(len(documents), "document")} in '
            f"{escape(collection)}. Every answer names its file and page.</p>"
            f'<ul class="examples">{examples}</ul>'
        )
    return (
        '<section class="welcome"><span class="mark" aria-hidden="true"></span>'
        f"<h1>{line}</h1>{body}</section>"
    )


def example_questions(documents: Sequence[str]) -> list[str]:
    """Return three questions made from the names of documents."""
    forms = ("What is {} about?", "What are the main points of {}?", "Which numbers stand in {}?")
    return [form.format(name) for form, name in zip(forms, _spread(documents), strict=False)]


def _spread(documents: Sequence[str]) -> list[str]:
    """Return three names, repeated where there are fewer."""
    return [documents[index % len(documents)] for index in range(3)]


def thread_html(content: str, conversation_id: str | None) -> str:
    """Return the end of a chat, which tells the page's script which chat it belongs to."""
    return f'<div class="thread" data-chat="{escape(conversation_id or "")}">{content}</div>'
