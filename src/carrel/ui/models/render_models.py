"""Renders the loaded models. Pure functions; everything is escaped here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from carrel.core.chat import ModelInfo
from carrel.core.models import ModelState, ModelStatus
from carrel.services.chat.answer_speeds import AnswerSpeed
from carrel.ui.documents.render_documents import size_text
from carrel.ui.i18n.texts import ENGLISH, Texts

COLUMNS = ("model", "state", "engine", "context", "precision", "memory", "speed")


def models_html(
    states: Sequence[ModelState], speeds: Mapping[str, AnswerSpeed], texts: Texts = ENGLISH
) -> str:
    """Return a row for each model, with the reason of a failure and an unload button.

    ``speeds`` has the models that have answered, by name.
    """
    if not states:
        return f'<p class="empty">{texts.html("models.none")}</p>'
    rows = "".join(_row(each, speeds.get(each.name), texts) for each in states)
    heads = "".join(f"<th>{texts.html(f'models.{each}')}</th>" for each in COLUMNS)
    unload = f'<span class="unseen">{texts.html("models.unload")}</span>'
    return (
        f'<table class="ranking models"><thead><tr>{heads}<th>{unload}</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _row(state: ModelState, speed: AnswerSpeed | None, texts: Texts) -> str:
    name = state.name
    if state.adapter_of:
        name = texts("models.adapter_of", name=name, base=state.adapter_of)
    reason = f'<p class="error-line">{escape(state.reason)}</p>' if state.reason else ""
    unload = "" if state.status is ModelStatus.LOADING else _unload(state.name, texts)
    status = texts(f"models.{state.status.value}")
    values = (status, *_figures(state.info, texts), _speed(speed, texts))
    # On a narrow page the column heads are hidden, and each figure is labelled.
    cells = "".join(
        f'<td data-label="{texts.html(f"models.{column}")}">{escape(value)}</td>'
        for column, value in zip(COLUMNS[1:], values, strict=True)
    )
    return (
        f'<tr class="{state.status.value}"><th scope="row">{escape(name)}{reason}'
        f"</th>{cells}<td>{unload}</td></tr>"
    )


def _figures(info: ModelInfo | None, texts: Texts) -> tuple[str, str, str, str]:
    """Return engine, context, precision and memory."""
    if info is None:
        return "", "", "", ""
    memory = size_text(info.memory, texts) if info.memory else ""
    if info.adapter_of and not memory:
        memory = texts("models.memory.shared")
    context = texts("models.tokens", count=texts.number(info.context_length))
    return f"{info.engine} {info.device}".strip(), context, info.precision, memory


def _speed(speed: AnswerSpeed | None, texts: Texts) -> str:
    if speed is None:
        return texts("models.unused")
    rate = texts("answer.speed", count=texts.decimal(speed.tokens_per_second, 0))
    first = texts.decimal(speed.time_to_first_token, 2)
    return texts("models.speed.first", speed=rate, seconds=first)


def _unload(name: str, texts: Texts) -> str:
    label, unload = texts.html("models.unload.named", name=name), texts.html("models.unload")
    return (
        f'<span class="confirmed"><button class="quiet" data-ask aria-label="{label}">'
        f'{unload}</button><span class="confirm" hidden>'
        f'<button class="danger" data-action="unload_model" data-id="{escape(name)}">{unload}'
        f'</button><button class="quiet" data-keep>{texts.html("keep")}</button></span></span>'
    )
