"""Renders answers side by side. Pure functions; everything is escaped here."""

from __future__ import annotations

from html import escape

from carrel.core.chat import Stage
from carrel.ui.i18n.texts import ENGLISH, Texts
from carrel.ui.markdown.markdown import markdown_to_html
from carrel.ui.shell.render import error_line, state_text
from carrel.ui.state.compared import Compared, ComparedAnswer

VOTES = ("a", "tie", "b", "both_bad")


def compare_head_html(texts: Texts) -> str:
    """Return the heading of the view."""
    return (
        f'<h1 class="search-title">{texts.html("compare.title")}</h1>'
        f'<p class="compare-hint">{texts.html("compare.hint")}</p>'
    )


def empty_html(texts: Texts) -> str:
    """Return the hint before the first comparison."""
    return f'<p class="empty">{texts.html("compare.empty")}</p>'


def compared_html(compared: Compared, texts: Texts = ENGLISH) -> str:
    """Return the question, a column per answer, and the vote bar when it is due."""
    columns = "".join(_column(compared, index, texts) for index in range(len(compared.answers)))
    return (
        f'<section class="compared"><h2 class="question">{escape(compared.question)}</h2>'
        f'<div class="compare-columns">{columns}</div>{_vote_bar(compared, texts)}</section>'
    )


def label(compared: Compared, index: int, texts: Texts = ENGLISH) -> str:
    """Return the heading of a column: the model's name, or ``Model A`` while it is hidden."""
    letter = texts("compare.letter", letter=chr(ord("A") + index))
    if not compared.revealed:
        return letter
    answer = compared.answers[index]
    name = f"{letter}: {answer.model}" if compared.blind else answer.model
    temperatures = {each.sampling.temperature for each in compared.answers}
    if len(temperatures) > 1:
        shown = f"{answer.sampling.temperature:g}".replace(".", texts("number.decimal"))
        return texts("compare.with_temperature", name=name, temperature=shown)
    return name


def figures(answer: ComparedAnswer, texts: Texts = ENGLISH) -> str:
    """Return the time to the first token, the speed and the score, if known."""
    parts = []
    finished = answer.exchange.finished
    if finished is not None:
        first = finished.usage.time_to_first_token
        if first is not None:
            parts.append(texts("compare.first_token", seconds=texts.decimal(first, 2)))
        if speed := finished.usage.tokens_per_second:
            parts.append(texts("answer.speed", count=texts.decimal(speed, 0)))
    if answer.exchange.scored is not None:
        score = texts.decimal(answer.exchange.scored.score, 2)
        parts.append(texts("answer.score", score=score))
    return " · ".join(parts)


def _column(compared: Compared, index: int, texts: Texts) -> str:
    answer = compared.answers[index]
    exchange, name = answer.exchange, label(compared, index, texts)
    parts = [
        f"<header><h3>{escape(name)}</h3>"
        f'<p class="figures">{escape(figures(answer, texts))}</p></header>'
    ]
    if exchange.text:
        writing = " writing" if exchange.stage is Stage.WRITING else ""
        parts.append(f'<div class="answer{writing}">{markdown_to_html(exchange.text, texts)}</div>')
    if exchange.error:
        hidden = texts("compare.failed")
        parts.append(error_line(exchange.error if compared.revealed else hidden))
    if state := state_text(exchange, texts):
        busy = "" if answer.ended else " busy"
        parts.append(f'<p class="state{busy}">{escape(state)}</p>')
    parts.append(_places(answer, texts))
    if not answer.ended:
        parts.append(
            f'<button class="quiet" data-action="stop_one" data-id="{index}" '
            f'aria-label="{texts.html("compare.stop.named", name=name)}">'
            f"{texts.html('compare.stop')}</button>"
        )
    elif exchange.text and compared.ended and compared.revealed:
        parts.append(
            f'<button class="quiet" data-action="keep_one" data-id="{index}" data-view="chat">'
            f"{texts.html('compare.keep')}</button>"
        )
    return f'<article class="compare-column">{"".join(parts)}</article>'


def _places(answer: ComparedAnswer, texts: Texts) -> str:
    names = dict.fromkeys(
        texts("source.where", document=each.document, page=each.page)
        if each.page
        else each.document
        for each in answer.exchange.sources
    )
    if not names:
        return ""
    items = "".join(f"<li>{escape(each)}</li>" for each in names)
    label = texts.html("sources.label")
    return f'<details class="passage"><summary>{label}</summary><ul>{items}</ul></details>'


def _vote_bar(compared: Compared, texts: Texts) -> str:
    if compared.can_vote:
        buttons = "".join(
            f'<button class="quiet" data-action="vote" data-id="{outcome}">'
            f"{texts.html(f'compare.vote.{outcome}')}</button>"
            for outcome in VOTES
        )
        label = texts.html("compare.vote")
        return f'<div class="vote-bar" role="group" aria-label="{label}">{buttons}</div>'
    if compared.voted is not None:
        line = texts.html("compare.voted", vote=texts(f"compare.vote.{compared.voted}"))
        return f'<p class="state" role="status">{line}</p>'
    if compared.blind and compared.ended:
        return f'<p class="state" role="status">{texts.html("compare.no_vote")}</p>'
    return ""
