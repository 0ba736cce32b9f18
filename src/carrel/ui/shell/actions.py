"""Turns clicks in the page's own HTML into Gradio events."""

from __future__ import annotations

import json

import gradio as gr


def actions_script(*actions: str) -> str:
    """Return the script of an HTML component whose buttons and forms trigger ``actions``.

    They are those with a ``data-action``; a form sends its fields. Gradio offers a listener for
    each quoted name in the script. The templates of these components must stay ``${value}``: Gradio
    would evaluate a value inside ``{{ }}`` as code.
    """
    return (
        f"const known = {json.dumps(actions)};"
        "element.addEventListener('click', (event) => {"
        "const button = event.target.closest('button[data-action]');"
        "if (button && known.includes(button.dataset.action))"
        "{ trigger(button.dataset.action, {id: button.dataset.id ?? ''}); }"
        "});"
        "element.addEventListener('submit', (event) => {"
        "event.preventDefault();"
        "const entered = Object.fromEntries(new FormData(event.target));"
        "const action = event.target.dataset.action;"
        "if (known.includes(action)) trigger(action, {id: event.target.dataset.id, entered});"
        "});"
    )


def typing_script(action: str) -> str:
    """Return the script of an HTML component whose field triggers ``action`` once typing pauses.

    The event has the field's value in place of an id.
    """
    return (
        "let waiting;"
        "element.addEventListener('input', (event) => {"
        "clearTimeout(waiting);"
        "const words = event.target.value;"
        f"waiting = setTimeout(() => trigger('{action}', {{id: words}}), 100);"
        "});"
    )


def chosen(event: gr.EventData) -> str:
    """Return the id of a ``data-action`` button; it is untrusted input."""
    return str(event.id)


def entered(event: gr.EventData, field: str) -> str:
    """Return a field of a ``data-action`` form; empty if it was not sent."""
    fields = event.entered
    return str(fields.get(field, "")) if isinstance(fields, dict) else ""
