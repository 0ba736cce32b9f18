"""The models in service as HTML. Pure functions; everything is escaped here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from carrel.core.chat import ModelInfo
from carrel.core.models import ModelState, ModelStatus
from carrel.services.answer_speeds import AnswerSpeed
from carrel.ui.render_documents import size_text

COLUMNS = ("Model", "State", "Engine", "Context", "Precision", "Memory", "Speed of late")
STATES = {
    ModelStatus.LOADING: "Loading…",
    ModelStatus.READY: "Ready",
    ModelStatus.FAILED: "Failed",
}


def models_html(states: Sequence[ModelState], speeds: Mapping[str, AnswerSpeed]) -> str:
    """Return a row for each model, with why it failed and a button to unload it.

    ``speeds`` holds those that have answered, by name.
    """
    if not states:
        return '<p class="empty">No model is in service.</p>'
    rows = "".join(_row(each, speeds.get(each.name)) for each in states)
    heads = "".join(f"<th>{each}</th>" for each in COLUMNS)
    return (
        f'<table class="ranking models"><thead><tr>{heads}<th><span class="unseen">Unload</span>'
        f"</th></tr></thead><tbody>{rows}</tbody></table>"
    )


def _row(state: ModelState, speed: AnswerSpeed | None) -> str:
    adapter = f" (adapter of {state.adapter_of})" if state.adapter_of else ""
    reason = f'<p class="error-line">{escape(state.reason)}</p>' if state.reason else ""
    unload = "" if state.status is ModelStatus.LOADING else _unload(state.name)
    values = (STATES[state.status], *_figures(state.info), _speed(speed))
    # On a narrow page the heads are gone, and each figure says what it is.
    cells = "".join(
        f'<td data-label="{label}">{escape(value)}</td>'
        for label, value in zip(COLUMNS[1:], values, strict=True)
    )
    return (
        f'<tr class="{state.status.value}"><th scope="row">{escape(state.name + adapter)}{reason}'
        f"</th>{cells}<td>{unload}</td></tr>"
    )


def _figures(info: ModelInfo | None) -> tuple[str, str, str, str]:
    """Return engine, context, precision and memory."""
    if info is None:
        return "", "", "", ""
    memory = size_text(info.memory) if info.memory else "with its base" if info.adapter_of else ""
    context = f"{info.context_length:,} tokens"
    return f"{info.engine} {info.device}".strip(), context, info.precision, memory


def _speed(speed: AnswerSpeed | None) -> str:
    if speed is None:
        return "not used yet"
    return f"{speed.tokens_per_second:.0f} tokens/s, first after {speed.time_to_first_token:.2f} s"


def _unload(name: str) -> str:
    named = escape(name)
    return (
        f'<span class="confirmed"><button class="quiet" data-ask aria-label="Unload {named}">'
        'Unload</button><span class="confirm" hidden>'
        f'<button class="danger" data-action="unload_model" data-id="{named}">Unload</button>'
        '<button class="quiet" data-keep>Keep</button></span></span>'
    )
