"""The chat as HTML. Pure functions; whatever comes from a document, a name, a model or a user is
escaped here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from carrel.core.chat import Finished, FinishReason, Stage
from carrel.core.conversations import Conversation
from carrel.core.documents import Source
from carrel.ui.exchange import Exchange
from carrel.ui.markdown import markdown_to_html

SOURCES_SHOWN = 3

STAGES = {
    Stage.READING_DOCUMENTS: "Reading documents…",
    Stage.WAITING: "Waiting…",
    Stage.WRITING: "Writing…",
    Stage.SCORING: "Scoring…",
}
CUT = {
    FinishReason.LENGTH: "cut at the length limit",
    FinishReason.TIME: "cut at the time limit",
}


def counted(number: int, noun: str) -> str:
    """Return ``1 page``, ``1,204 pages``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def error_line(message: str) -> str:
    """Return one line in the style of errors."""
    one_line = " ".join(message.split())
    return f'<p class="error-line" role="alert">{escape(one_line)}</p>'


def notice_line(message: str) -> str:
    """Return one line that is no error."""
    return f'<p class="notice-line" role="status">{escape(message)}</p>'


def exchanges_html(exchanges: Iterable[Exchange]) -> str:
    """Return several questions with their answers."""
    return "".join(exchange_html(each) for each in exchanges)


def exchange_html(exchange: Exchange) -> str:
    """Return a question, its answer, the state of it, and its sources."""
    parts = [f'<h2 class="question">{escape(exchange.question)}</h2>']
    if exchange.text:
        writing = " writing" if exchange.stage is Stage.WRITING else ""
        parts.append(f'<div class="answer{writing}">{markdown_to_html(exchange.text)}</div>')
    if exchange.error:
        parts.append(error_line(exchange.error))
        parts.append('<button class="quiet" data-action="retry">Ask again</button>')
    if state := state_text(exchange):
        busy = " busy" if exchange.stage else ""
        parts.append(f'<p class="state{busy}" role="status">{escape(state)}</p>')
    parts.append(sources_html(exchange.sources))
    return f'<section class="exchange">{"".join(parts)}</section>'


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
        parts.append(counted(len(exchange.sources), "source"))
    if exchange.stopped:
        parts.append("stopped by you")
    if exchange.finished is not None:
        parts.extend(_how_it_went(exchange.finished))
    if exchange.scored is not None:
        parts.append(f"score {exchange.scored.score:.2f}")
    return " · ".join(parts)


def place_in_line(position: int) -> str:
    """Return ``In line, 2 before you…`` for the third place."""
    return f"In line, {position - 1} before you…" if position > 1 else "In line, you are next…"


def _how_it_went(finished: Finished) -> list[str]:
    usage = finished.usage
    parts = []
    if finished.reason in CUT:
        parts.append(CUT[finished.reason])
    parts.append(f"{usage.seconds:.1f} s")
    if speed := _tokens_per_second(finished):
        parts.append(f"{speed:.0f} tokens/s")
    if finished.dropped_turns:
        parts.append(f"without the {counted(finished.dropped_turns, 'oldest message')}")
    return parts


def _tokens_per_second(finished: Finished) -> float | None:
    """Return the speed after the first token; None when there is too little to measure."""
    usage = finished.usage
    writing = usage.seconds - (usage.time_to_first_token or 0.0)
    if usage.completion_tokens < 2 or writing <= 0:
        return None
    return (usage.completion_tokens - 1) / writing


def sources_html(sources: Sequence[Source]) -> str:
    """Return a numbered list of sources; all but the first few wait behind a line."""
    if not sources:
        return ""
    shown, hidden = sources[:SOURCES_SHOWN], sources[SOURCES_SHOWN:]
    more = ""
    if hidden:
        more = (
            f'<details class="more-sources"><summary>{counted(len(hidden), "more source")}'
            f"</summary>{_source_list(hidden)}</details>"
        )
    return f'<div class="sources" aria-label="Sources">{_source_list(shown)}{more}</div>'


def _source_list(sources: Sequence[Source]) -> str:
    items = "".join(_source_item(each) for each in sources)
    return f'<ol class="source-list" start="{sources[0].index}">{items}</ol>'


def _source_item(source: Source) -> str:
    page = f'<span class="source-page">page {source.page}</span>' if source.page else ""
    return (
        '<li class="source"><div class="source-head">'
        f'<span class="source-number">{source.index}</span>'
        f'<span class="source-file" title="{escape(source.document)}">'
        f"{escape(source.document)}</span>{page}"
        f'<span class="source-score" title="How well the passage matches, from 0 to 1">'
        f"{source.score:.2f}</span></div>"
        f'<blockquote class="source-quote">{escape(source.quote)}</blockquote>'
        f'<details class="passage"><summary>Whole passage</summary>'
        f"<p>{_with_quote_marked(source)}</p></details></li>"
    )


def _with_quote_marked(source: Source) -> str:
    before, quote, after = source.text.partition(source.quote) if source.quote else ("", "", "")
    if not quote:
        return escape(source.text)
    return f"{escape(before)}<mark>{escape(quote)}</mark>{escape(after)}"


def chats_html(chats: Sequence[Conversation], current: str | None) -> str:
    """Return the list of saved chats, the open one marked."""
    if not chats:
        return '<p class="rail-hint">Chats are kept here.</p>'
    items = "".join(_chat_item(each, each.id == current) for each in chats)
    return f'<ul class="chats">{items}</ul>'


def _chat_item(chat: Conversation, is_current: bool) -> str:
    mark = ' aria-current="true"' if is_current else ""
    title, identity = escape(chat.title), escape(chat.id)
    return (
        f'<li class="chat"><button class="chat-title" data-action="open_chat" data-id="{identity}"'
        f'{mark} title="{title}">{title}</button>'
        f"{confirmed_delete('delete_chat', chat.id, f'Delete the chat {chat.title}')}</li>"
    )


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
            f'<p class="welcome-hint">{escape(collection)} is empty. Add a PDF, a Word file or a '
            "spreadsheet, and every answer names its file and page.</p>"
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
