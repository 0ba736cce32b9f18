"""The server's address, and HTTP arguments of a call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import httpx

from carrel.client.call import Call
from carrel.client.calls import ChatOptions, Documents
from carrel.core.errors import InvalidRequest, PathNotFound

DEFAULT_ADDRESS = "http://127.0.0.1:7860"
ANSWER_SECONDS = 600.0
CONNECT_SECONDS = 10.0

Paths = str | Path | Sequence[str | Path | tuple[str, Path]] | Mapping[str, Path]
"""One file, several, with names of their own where these are paired, or files by name."""


def named(paths: Paths) -> list[tuple[str, Path]]:
    """Return the files with their names."""
    if isinstance(paths, Mapping):
        return list(paths.items())
    given = [paths] if isinstance(paths, str | Path) else paths
    return [each if isinstance(each, tuple) else (Path(each).name, Path(each)) for each in given]


def asking(collection: str, options: ChatOptions) -> ChatOptions:
    """Return the options of a question to a collection; explicit documents take precedence."""
    return {"documents": Documents(collections=[collection]), **options}


class Connection:
    """An address, and the arguments of an httpx client."""

    def __init__(self, address: str, api_key: str | None, timeout: float, retries: int) -> None:
        """Take a server's address and key; ``timeout`` is in seconds.

        Raises:
            InvalidRequest: the address is malformed, or ``retries`` is negative.
        """
        url = _parsed(address)
        if retries < 0:
            raise InvalidRequest(f"'retries' is {retries}: give 0 for none, or more.")
        self.retries = retries
        self.address = address.rstrip("/")
        # A proxy of the environment cannot reach a server on this machine.
        local = url.host in {"localhost", "::1"} or url.host.startswith("127.")
        self.settings: dict[str, Any] = {
            "base_url": self.address,
            "headers": {"Authorization": f"Bearer {api_key}".encode()} if api_key else {},
            "timeout": httpx.Timeout(timeout, connect=CONNECT_SECONDS),
            "trust_env": not local,
        }

    @contextmanager
    def request(self, call: Call[Any]) -> Iterator[dict[str, Any]]:
        """Return the arguments of httpx for a call, and keep its files open within the block.

        Raises:
            PathNotFound: a file does not exist or cannot be read.
        """
        with ExitStack() as opened:
            arguments: dict[str, Any] = {
                "method": call.method,
                "url": call.path,
                "params": dict(call.params),
            }
            if call.body is not None:
                arguments["content"] = call.content
                arguments["headers"] = {"Content-Type": "application/json"}
            if call.files:
                arguments["files"] = [
                    ("files", (name, opened.enter_context(_open(path))))
                    for name, path in call.files
                ]
            if call.patient:
                arguments["timeout"] = httpx.Timeout(None, connect=CONNECT_SECONDS)
            yield arguments


def _parsed(address: str) -> httpx.URL:
    try:
        url = httpx.URL(address)
        if url.scheme in {"http", "https"} and url.host:
            return url
    except httpx.InvalidURL:
        pass
    raise InvalidRequest(f"'{address}' is not an address such as {DEFAULT_ADDRESS}.")


def _open(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise PathNotFound(f"The file {path} cannot be read: {error.strerror}.") from error
