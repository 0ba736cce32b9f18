"""Checks the files in events of the page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

from carrel.core.errors import InvalidRequest

FILE_PREFIX = "/gradio_api/file="
"""Prefix that Gradio's client adds to the path of an upload to make its address."""

Check = Callable[[object, str | None], None]
"""Takes the path of a file and the session of its event; raises if they do not match."""


def with_checked_files(body: bytes, check: Check) -> bytes:
    """Return the body of an event after every file passed ``check``.

    Every object with a ``path`` counts as a file, at any depth. The body is serialized again, so
    that Gradio reads exactly what was checked.

    Raises:
        InvalidRequest: the body is no JSON object, or a file is not one of the session's uploads.
    """
    try:
        event = json.loads(body)
        if not isinstance(event, dict):
            raise InvalidRequest("An event is a JSON object.")
        session = event.get("session_hash")
        for file in _files_in(event):
            _refuse_foreign(file)
            check(file["path"], session if isinstance(session, str) else None)
            # It would lead to a closed route.
            file["url"] = None
        return json.dumps(event).encode()
    except (ValueError, RecursionError) as error:
        raise InvalidRequest("The body of the event is not valid JSON.") from error


def _files_in(event: dict[str, Any]) -> Iterator[dict[str, Any]]:
    waiting: list[Any] = [event]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if "path" in value:
                yield value
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _refuse_foreign(file: dict[str, Any]) -> None:
    if file.get("is_stream"):
        raise InvalidRequest("Streams are not taken: send the file to this page's upload.")
    url = file.get("url")
    if url is not None and not _is_of(url, file["path"]):
        raise InvalidRequest("Addresses are not taken for files: upload the file to this page.")


def _is_of(url: object, path: object) -> bool:
    """Whether an address is the one that Gradio's client makes of an upload's path."""
    if not isinstance(url, str) or FILE_PREFIX not in url:
        return False
    return unquote(url.split(FILE_PREFIX, 1)[1]) == path
