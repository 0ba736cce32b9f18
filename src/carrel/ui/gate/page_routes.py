"""Gradio's routes that the page and its two endpoints need."""

from __future__ import annotations

import re
from collections.abc import Collection
from types import MappingProxyType

CONFIG = "/config"
UPLOAD = "/gradio_api/upload"
UPLOAD_PROGRESS = "/gradio_api/upload_progress"
_EVENTS = frozenset({"/gradio_api/queue/join", "/gradio_api/run/predict"})

_READ = frozenset({"GET", "HEAD"})
_SENT = frozenset({"POST"})
_METHODS = MappingProxyType(
    {
        "/": _READ,
        CONFIG: _READ,
        "/theme.css": _READ,
        "/favicon.ico": _READ,
        "/manifest.json": _READ,
        "/pwa_icon": _READ,
        # gradio_client asks for the endpoints' parameters.
        "/gradio_api/info": _READ,
        # Whether the server answers, and is still the same after a connection was lost.
        "/gradio_api/app_id": _READ,
        "/gradio_api/queue/data": _READ,
        UPLOAD_PROGRESS: _READ,
        UPLOAD: _SENT,
        "/gradio_api/cancel": _SENT,
        "/gradio_api/reset": _SENT,
        **dict.fromkeys(_EVENTS, _SENT),
    }
)
_CALL = re.compile(r"/gradio_api/call/submit_nochat(_plain)?_api(?P<event>/\w+)?")
"""How curl calls the two endpoints: a POST that starts an event, and a GET of its results."""

_HASHED = re.compile(r"/assets/[^/]+-[\w-]{8,9}\.\w+")
"""Files whose names carry a hash of their content: another content has another name."""

_BELOW = ("/assets/", "/static/", "/gradio_api/heartbeat/")


def methods_of(path: str) -> Collection[str]:
    """Return the allowed methods of a path; empty if it is not served.

    Everything else, such as ``/gradio_api/file=``, ``proxy=`` or ``component_server``, is closed:
    Gradio's own checks of them rely on ``launch()``, which a mounted page never calls.
    """
    if path.startswith(_BELOW):
        return _READ
    call = _CALL.fullmatch(path)
    if call is not None:
        return _READ if call["event"] else _SENT
    return _METHODS.get(path, frozenset())


def begins_event(path: str) -> bool:
    """Whether a request may name files in its body."""
    call = _CALL.fullmatch(path)
    return path in _EVENTS or (call is not None and call["event"] is None)


def never_changes(path: str) -> bool:
    """Whether a browser may keep what it got from a path for good."""
    return _HASHED.fullmatch(path) is not None
