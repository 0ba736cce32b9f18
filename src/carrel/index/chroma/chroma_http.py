"""Client of Chroma's HTTP API, version 2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np

from carrel.core.errors import CarrelError, InvalidSetting, OfflineRefused, RemoteUnavailable
from carrel.core.runtime.loopback import is_loopback

TIMEOUTS = httpx.Timeout(30.0, connect=5.0)
"""Seconds. The first search loads a graph, which takes long for a large one."""

PLACE = "/api/v2/tenants/default_tenant/databases/default_database/collections"
PAGE = 1_000
"""Collections per listing."""

SHOWN = 300


class CollectionGone(Exception):
    """The server has no such collection, or no longer."""


class ChromaServer:
    """A Chroma server at ``http://HOST:PORT``, of version 1 or later.

    Not Chroma's own client: that one waits endlessly for a server that hangs, and reads its
    settings from the environment and from a file ``.env`` in the working directory.

    Raises (every method):
        RemoteUnavailable: the server does not answer, rejects the token, fails, or is no Chroma.
        InvalidSetting: the vectors have another length than the stored ones.
        CollectionGone: there is no such collection.
    """

    def __init__(self, url: str, token: str | None, *, offline: bool) -> None:
        """Take the address; nothing connects yet.

        Raises:
            InvalidSetting: the address is invalid.
            OfflineRefused: ``offline`` is set and the server is on another machine.
        """
        self._url, self._host = _parsed(url)
        host = self._host
        if offline and not is_loopback(host):
            raise OfflineRefused(
                f"The Chroma server {self._url} is on another machine, and --offline is set."
            )
        if token and not (token.isascii() and token.isprintable()):
            raise InvalidSetting("db_token contains other than printable ASCII characters.")
        # One header is Chroma's own, the other that of reverse proxies.
        headers = {"Authorization": f"Bearer {token}", "X-Chroma-Token": token} if token else {}
        self._client = httpx.Client(
            headers=headers, timeout=TIMEOUTS, trust_env=not is_loopback(host)
        )

    @property
    def url(self) -> str:
        """The address, without a trailing slash."""
        return self._url

    @property
    def host(self) -> str:
        """The server's host."""
        return self._host

    def most_rows(self) -> int:
        """Return the maximum number of rows per call."""
        answer = self._call("GET", "/api/v2/pre-flight-checks")
        most = answer.get("max_batch_size") if isinstance(answer, dict) else None
        if not isinstance(most, int) or most < 1:
            raise self._no_chroma("its answer is not Chroma's")
        return most

    def made(self, name: str, hnsw: dict[str, Any]) -> ServedRows:
        """Return a collection, created if necessary."""
        body = {"name": name, "get_or_create": True, "configuration": {"hnsw": hnsw}}
        return self._rows(self._call("POST", PLACE, body))

    def collection(self, name: str) -> ServedRows:
        """Return a collection that exists."""
        return self._rows(self._call("GET", f"{PLACE}/{name}"))

    def names(self, prefix: str) -> list[str]:
        """List the names of the collections with a prefix."""
        found: list[str] = []
        offset = 0
        while page := self._call("GET", f"{PLACE}?limit={PAGE}&offset={offset}"):
            found += [each["name"] for each in page]
            offset += len(page)
        return [name for name in found if name.startswith(prefix)]

    def delete(self, name: str) -> None:
        """Remove a collection."""
        self._call("DELETE", f"{PLACE}/{name}")

    def close(self) -> None:
        """Close the connections. Closing twice does nothing."""
        self._client.close()

    def of_collection(self, collection: str, call: str, body: Any = None) -> Any:
        """Call a method of a collection, by Chroma's id of it."""
        return self._call("GET" if body is None else "POST", f"{PLACE}/{collection}/{call}", body)

    def _rows(self, answer: Any) -> ServedRows:
        try:
            return ServedRows(self, str(answer["id"]))
        except (KeyError, TypeError):
            raise self._no_chroma("its answer is no collection") from None

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        try:
            response = self._client.request(method, self._url + path, json=body)
        except httpx.HTTPError as error:
            reason = str(error).strip().rstrip(".") or type(error).__name__
            raise RemoteUnavailable(
                f"The Chroma server {self._url} does not answer ({reason}): "
                "is it running, and is db_url right?"
            ) from error
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if not response.is_success:
            raise self._refusal(response, answer if isinstance(answer, dict) else {})
        if answer is None:
            raise self._no_chroma("its answer is no JSON")
        return answer

    def _refusal(self, response: httpx.Response, answer: dict[str, Any]) -> Exception:
        status, kind = response.status_code, answer.get("error")
        said = " ".join(str(answer.get("message") or "").split())[:SHOWN].rstrip(".")
        server = f"The Chroma server {self._url}"
        if status in (401, 403):
            return RemoteUnavailable(f"{server} refuses the token: set db_token.")
        if kind == "NotFoundError":
            return CollectionGone(said)
        if kind == "InvalidArgumentError" and "dimension" in said:
            return InvalidSetting(
                f"The embedder does not fit the vectors on the Chroma server {self._url} ({said}): "
                "start with the --embedder that made them."
            )
        if kind is None and status < 500 and status != httpx.codes.TOO_MANY_REQUESTS:
            return self._no_chroma(f"it answers HTTP {status}")
        return RemoteUnavailable(
            f"{server} failed: HTTP {status}{f' ({said})' if said else ''}. Its log says more."
        )

    def _no_chroma(self, why: str) -> CarrelError:
        return RemoteUnavailable(
            f"The server {self._url} is no Chroma server of version 1 or later ({why}): "
            "is db_url right?"
        )


class ServedRows:
    """The rows of a collection on a server."""

    def __init__(self, server: ChromaServer, collection: str) -> None:
        self._server = server
        self._collection = collection

    def add(
        self, *, ids: Sequence[str], embeddings: Any, metadatas: Sequence[dict[str, Any]]
    ) -> None:
        """Store rows; those whose id exists are left as they are."""
        self._ask("add", ids=ids, embeddings=_numbers(embeddings), metadatas=metadatas)

    def get(
        self,
        *,
        ids: Sequence[str] | None = None,
        limit: int | None = None,
        offset: int | None = None,
        include: Sequence[str] = (),
    ) -> Any:
        """Return rows by id, or a page of all."""
        return self._ask("get", ids=ids, limit=limit, offset=offset, include=include)

    def query(
        self,
        *,
        query_embeddings: Any,
        n_results: int,
        where: dict[str, Any] | None = None,
        include: Sequence[str] = (),
    ) -> Any:
        """Return the rows nearest to each vector."""
        return self._ask(
            "query",
            query_embeddings=_numbers(query_embeddings),
            n_results=n_results,
            where=where,
            include=include,
        )

    def delete(
        self, *, ids: Sequence[str] | None = None, where: dict[str, Any] | None = None
    ) -> None:
        """Remove rows by id or by a condition."""
        self._ask("delete", ids=ids, where=where)

    def count(self) -> int:
        """The number of rows."""
        return int(self._server.of_collection(self._collection, "count"))

    def _ask(self, call: str, **body: Any) -> Any:
        given = {name: value for name, value in body.items() if value is not None}
        return self._server.of_collection(self._collection, call, given)


def _numbers(vectors: Any) -> list[list[float]]:
    numbers: list[list[float]] = np.asarray(vectors).tolist()
    return numbers


def _parsed(url: str) -> tuple[str, str]:
    """Return the address without a trailing slash, and its host."""
    address = url.strip().rstrip("/")
    if any(mark in address for mark in "@?#"):
        # Not shown: it may contain a password.
        raise InvalidSetting(
            "db_url must be http://HOST:PORT and a path, without anything else: give a "
            "token as db_token."
        )
    try:
        parts = urlsplit(address)
        # Accessing the port validates it.
        valid = parts.port != 0 and httpx.URL(address).scheme in ("http", "https")
        host = parts.hostname
    except (ValueError, httpx.InvalidURL):
        valid, host = False, None
    if not valid or not host:
        raise InvalidSetting(f"db_url is {url!r}: write http://HOST:PORT of the Chroma server.")
    return address, host
