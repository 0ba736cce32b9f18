"""Addresses of OpenAI-compatible servers."""

from __future__ import annotations

from urllib.parse import urlsplit

from carrel.core.errors import InvalidSetting, OfflineRefused
from carrel.core.runtime.loopback import is_loopback

SERVERS = ("vllm", "vllm_chat", "ollama", "tgi", "llamacpp", "carrel")
"""Prefixes of ``HOST:PORT``. All have the same API; the server reports its own kind."""


def parse_inference_server(value: str) -> str:
    """Return the base URL, without a trailing slash, of ``vllm:HOST:PORT`` or a URL.

    Any of ``SERVERS`` may replace ``vllm``. A URL without a path gets OpenAI's ``/v1``.

    Raises:
        InvalidSetting: it is neither of the two.
    """
    text = value.strip()
    server, _, rest = text.partition(":")
    address = rest if server in SERVERS else text
    if "://" not in text and address == text:
        raise _invalid(value)
    parts = urlsplit(address if "://" in address else f"http://{address}")
    try:
        port = parts.port
    except ValueError:
        raise _invalid(value) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _invalid(value)
    if "://" not in address and port is None:
        raise _invalid(value)
    if parts.username or parts.query or parts.fragment:
        raise _invalid(value)
    path = parts.path.rstrip("/") or "/v1"
    return f"{parts.scheme}://{parts.netloc}{path}"


def host_of(base_url: str) -> str:
    """Return the host of a URL, by name or address."""
    return urlsplit(base_url).hostname or ""


def is_on_this_machine(base_url: str) -> bool:
    """Whether the URL's host is this machine."""
    return is_loopback(host_of(base_url))


def refuse_outward(base_url: str, offline: bool) -> None:
    """Refuse a server on another machine.

    Raises:
        OfflineRefused: ``offline`` is set and the host is not this machine.
    """
    if offline and not is_on_this_machine(base_url):
        raise OfflineRefused(
            f"The inference server {base_url} is on another machine, and --offline is set."
        )


def _invalid(value: str) -> InvalidSetting:
    return InvalidSetting(
        f"inference_server is {value!r}: write vllm:HOST:PORT or a URL like http://HOST:PORT/v1."
    )
