"""Answers side by side as HTML. Pure functions; everything is escaped here."""

from __future__ import annotations

from html import escape

from carrel.core.chat import Stage
from carrel.ui.compared import Compared, ComparedAnswer
from carrel.ui.markdown import markdown_to_html
from carrel.ui.render import error_line, state_text

HIDDEN_FAILURE = "This model failed. The reason stands here once the names may be seen."
VOTES = (
    ("a", "A is better"),
    ("tie", "Tie"),
    ("b", "B is better"),
    ("both_bad", "Both are bad"),
)
EMPTY = '<p class="empty">Choose two to four models, and ask them the same question.</p>'


def compared_html(compared: Compared) -> str:
    """Return the question, a column for each answer, and the vote bar when it is due."""
    columns = "".join(_column(compared, index) for index in range(len(compared.answers)))
    return (
        f'<section class="compared"><h2 class="question">{escape(compared.question)}</h2>'
        f'<div class="compare-columns">{columns}</div>{_vote_bar(compared)}</section>'
    )


def label(compared: Compared, index: int) -> str:
    """Return the name over a column: of the model, or ``Model A`` while it is hidden."""
    letter = f"Model {chr(ord('A') + index)}"
    if not compared.revealed:
        return letter
    answer = compared.answers[index]
    name = f"{letter}: {answer.model}" if compared.blind else answer.model
    temperatures = {each.sampling.temperature for each in compared.answers}
    if len(temperatures) > 1:
        name += f", temperature {answer.sampling.temperature:g}"
    return name


def figures(answer: ComparedAnswer) -> str:
    """Return the time to the first token, the speed and the score, as far as they are known."""
    parts = []
    finished = answer.exchange.finished
    if finished is not None:
        first = finished.usage.time_to_first_token
        if first is not None:
            parts.append(f"{first:.2f} s to first token")
        if speed := finished.usage.tokens_per_second:
            parts.append(f"{speed:.0f} tokens/s")
    if answer.exchange.scored is not None:
        parts.append(f"score {answer.exchange.scored.score:.2f}")
    return " · ".join(parts)


def _column(compared: Compared, index: int) -> str:
    answer = compared.answers[index]
    exchange = answer.exchange
    parts = [
        f"<header><h3>{escape(label(compared, index))}</h3>"
        f'<p class="figures">{escape(figures(answer))}</p></header>'
    ]
    if exchange.text:
        writing = " writing" if exchange.stage is Stage.WRITING else ""
        parts.append(f'<div class="answer{writing}">{markdown_to_html(exchange.text)}</div>')
    if exchange.error:
        parts.append(error_line(exchange.error if compared.revealed else HIDDEN_FAILURE))
    if state := state_text(exchange):
        busy = "" if answer.ended else " busy"
        parts.append(f'<p class="state{busy}">{escape(state)}</p>')
    parts.append(_places(answer))
    if not answer.ended:
        parts.append(
            f'<button class="quiet" data-action="stop_one" data-id="{index}" '
            f'aria-label="Stop {escape(label(compared, index))}">Stop</button>'
        )
    elif exchange.text and compared.ended and compared.revealed:
        parts.append(
            f'<button class="quiet" data-action="keep_one" data-id="{index}" data-view="chat">'
            "Keep and go on</button>"
        )
    return f'<article class="compare-column">{"".join(parts)}</article>'


def _places(answer: ComparedAnswer) -> str:
    names = dict.fromkeys(
        f"{each.document}, page {each.page}" if each.page else each.document
        for each in answer.exchange.sources
    )
    if not names:
        return ""
    items = "".join(f"<li>{escape(each)}</li>" for each in names)
    return f'<details class="passage"><summary>Sources</summary><ul>{items}</ul></details>'


def _vote_bar(compared: Compared) -> str:
    if compared.can_vote:
        buttons = "".join(
            f'<button class="quiet" data-action="vote" data-id="{outcome}">{text}</button>'
            for outcome, text in VOTES
        )
        return f'<div class="vote-bar" role="group" aria-label="Your vote">{buttons}</div>'
    if compared.voted is not None:
        text = dict(VOTES)[compared.voted]
        return f'<p class="state" role="status">Your vote: {text}.</p>'
    if compared.blind and compared.ended:
        return '<p class="state" role="status">No vote: an answer is not whole.</p>'
    return ""
