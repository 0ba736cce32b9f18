"""The models in service as HTML. Pure functions; everything is escaped here."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from carrel.core.models import ModelState, ModelStatus

STATES = {
    ModelStatus.LOADING: "Loading…",
    ModelStatus.READY: "Ready",
    ModelStatus.FAILED: "Failed",
}


def models_html(states: Sequence[ModelState]) -> str:
    """Return a row for each model, with why it failed and a button to unload it."""
    if not states:
        return '<p class="empty">No model is in service.</p>'
    rows = "".join(_row(each) for each in states)
    return (
        '<table class="ranking"><thead><tr><th>Model</th><th>State</th><th>Engine</th>'
        '<th>Context</th><th>Precision</th><th><span class="unseen">Unload</span></th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _row(state: ModelState) -> str:
    info = state.info
    engine = f"{info.engine} {info.device}".strip() if info else ""
    context = f"{info.context_length:,} tokens" if info else ""
    adapter = f" (adapter of {state.adapter_of})" if state.adapter_of else ""
    reason = f'<p class="error-line">{escape(state.reason)}</p>' if state.reason else ""
    unload = "" if state.status is ModelStatus.LOADING else _unload(state.name)
    return (
        f'<tr class="{state.status.value}"><th scope="row">{escape(state.name + adapter)}{reason}'
        f"</th><td>{STATES[state.status]}</td><td>{escape(engine)}</td><td>{context}</td>"
        f"<td>{escape(info.precision if info else '')}</td><td>{unload}</td></tr>"
    )


def _unload(name: str) -> str:
    named = escape(name)
    return (
        f'<span class="confirmed"><button class="quiet" data-ask aria-label="Unload {named}">'
        'Unload</button><span class="confirm" hidden>'
        f'<button class="danger" data-action="unload_model" data-id="{named}">Unload</button>'
        '<button class="quiet" data-keep>Keep</button></span></span>'
    )
