"""Keeps late updates of a component from replacing later ones.

Gradio's page handles the updates of each event in their order, but not those of different events:
the last update of a stopped answer may arrive after the chat that was opened instead.
"""

from __future__ import annotations

import time

LATEST = (
    "let latest = '', shown = '';"
    "watch('value', () => {"
    "const number = /^<!--(\\d+)-->/.exec(props.value ?? '')?.[1] ?? '';"
    "if (number >= latest) { latest = number; shown = props.value; }"
    "else props.value = shown; });"
)
"""Script of an HTML component that shows the latest of its ``numbered`` values."""


def numbered(html: str) -> str:
    """Return HTML with the time of its rendering, which ``LATEST`` compares."""
    # Not a counter: an open page outlives a restart of the server.
    return f"<!--{time.time_ns():020d}-->{html}"
