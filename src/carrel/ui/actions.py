"""Clicks inside the page's own HTML, as events that Python listens to."""

from __future__ import annotations

import json

import gradio as gr


def actions_script(*actions: str) -> str:
    """Return the script of an HTML component whose ``data-action`` buttons trigger ``actions``.

    Gradio offers a listener for each name that stands in quotes in the script. The templates of
    these components stay ``${value}``: Gradio would evaluate a value inside ``{{ }}`` as code.
    """
    return (
        f"const known = {json.dumps(actions)};"
        "element.addEventListener('click', (event) => {"
        "const button = event.target.closest('[data-action]');"
        "if (button && known.includes(button.dataset.action))"
        "{ trigger(button.dataset.action, {id: button.dataset.id ?? ''}); }"
        "});"
    )


def chosen(event: gr.EventData) -> str:
    """Return the id that a ``data-action`` button carried; whoever sends events chooses it."""
    return str(event.id)
