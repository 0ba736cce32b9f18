"""Embedder on a server with OpenAI's ``/v1/embeddings``."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx

from carrel.core.errors import (
    CarrelError,
    InvalidSetting,
    ModelLoadFailed,
    ModelNotFound,
    OfflineRefused,
    PromptTooLong,
    RemoteUnavailable,
)
from carrel.core.runtime.loopback import is_loopback

WRITTEN = re.compile(r"(?P<model>\S+)@(?P<url>https?://\S+)")
BATCH = 32
"""Texts of one request; some servers refuse more."""

TIMEOUTS = httpx.Timeout(10.0, read=300.0)
PAUSES = (0.5, 2.0)
"""Delays in seconds before the second and third attempt of a refused request."""

BUSY = (429, 502, 503, 504)
SHOWN = 300

# A word of a few letters is seldom more than a token per three letters; anything else (digits,
# marks, long or foreign words) may be a token per byte.
_WORDS = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{1,15}(?![A-Za-z0-9])|\s+|.", re.DOTALL)


def is_remote(embedder: str) -> bool:
    """Whether the setting is a server: it contains a URL."""
    return "://" in embedder


def estimated_tokens(text: str) -> int:
    """Return an upper estimate of a text's length, without the model's tokenizer."""
    total = 0
    for part in _WORDS.findall(text):
        if part.isspace():
            continue
        total += -(-len(part) // 3) if part.isascii() else len(part.encode(errors="replace"))
    return total


class RemoteEmbedder:
    """An embedder on another server: ``MODEL@http://HOST:PORT/v1``.

    Connects lazily. Vectors are scaled to length 1 here. It adds no prompt and has no tokenizer:
    ``window`` is the input limit of its model in tokens, and a text's length is estimated.

    Raises (everything but ``name`` and ``fits``):
        OfflineRefused: ``offline`` is set and the server is on another machine (constructor).
        InvalidSetting: the address is invalid (constructor).
        RemoteUnavailable: the server does not answer, or rejects the API key.
        ModelNotFound: it does not have the model.
        PromptTooLong: a text exceeds the model's input limit.
        ModelLoadFailed: its answer is not vectors of one length.
    """

    def __init__(self, address: str, api_key: str | None, *, window: int, offline: bool) -> None:
        match = WRITTEN.fullmatch(address.strip())
        host = urlsplit(match["url"]).hostname if match else None
        if match is None or not host:
            raise InvalidSetting(
                f"embedder is {address!r}: write MODEL@http://HOST:PORT/v1 for a server."
            )
        if offline and not is_loopback(host):
            raise OfflineRefused(
                f"The embedding server {match['url']} is on another machine, and --offline is set."
            )
        self._name, self._host = address.strip(), host
        self._model, self._url = match["model"], match["url"].rstrip("/")
        self._window = window
        self._client = httpx.Client(
            headers={"Authorization": f"Bearer {api_key}"} if api_key else {},
            timeout=TIMEOUTS,
            trust_env=not is_loopback(host),
        )
        self._dimension: int | None = None

    @property
    def name(self) -> str:
        """The setting's value, by which the same model can be used again."""
        return self._name

    @property
    def host(self) -> str:
        """The server's host."""
        return self._host

    @property
    def dimension(self) -> int:
        """The length of a vector, known from the first answer."""
        return self._dimension or len(self.embed_query("dimension"))

    def fits(self, texts: Sequence[str], reserve: int = 0) -> list[bool]:
        """Return for each text whether it and ``reserve`` tokens certainly fit the window."""
        return [estimated_tokens(text) + reserve <= self._window for text in texts]

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector per text, in order."""
        vectors: list[list[float]] = []
        for start in range(0, len(texts), BATCH):
            vectors += self._embed(texts[start : start + BATCH])
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a query."""
        return self._embed([text])[0]

    def close(self) -> None:
        """Close the connections to the server. Closing twice does nothing."""
        self._client.close()

    def _embed(self, texts: Sequence[str]) -> list[list[float]]:
        # Servers refuse empty texts.
        body = {"model": self._model, "input": [text or " " for text in texts]}
        response = self._post(body)
        if response.status_code != httpx.codes.OK:
            raise self._refusal(response)
        try:
            rows = sorted(response.json()["data"], key=lambda row: row["index"])
            vectors = [_unit([float(number) for number in row["embedding"]]) for row in rows]
        except (ValueError, KeyError, TypeError):
            raise self._unusable("its answer is no list of vectors") from None
        if len(vectors) != len(texts):
            raise self._unusable(f"it gave {len(vectors)} vectors for {len(texts)} texts")
        lengths = {len(vector) for vector in vectors} | {self._dimension or len(vectors[0])}
        if len(lengths) != 1:
            raise self._unusable("its vectors are not of one length")
        self._dimension = len(vectors[0])
        return vectors

    def _post(self, body: dict[str, Any]) -> httpx.Response:
        for pause in (*PAUSES, None):
            try:
                response = self._client.post(f"{self._url}/embeddings", json=body)
            except httpx.HTTPError as error:
                reason = str(error).strip().rstrip(".") or type(error).__name__
                raise RemoteUnavailable(
                    f"The embedding server {self._url} does not answer ({reason}): "
                    "is it running, and is the address right?"
                ) from error
            if response.status_code not in BUSY or pause is None:
                break
            time.sleep(pause)
        return response

    def _refusal(self, response: httpx.Response) -> CarrelError:
        status = response.status_code
        said = " ".join(response.text.split())[:SHOWN].rstrip(".")
        server = f"The embedding server {self._url}"
        if status in (401, 403):
            return RemoteUnavailable(f"{server} refuses the API key: set embedder_api_key.")
        if status == httpx.codes.NOT_FOUND:
            return ModelNotFound(f"{server} does not have the model {self._model} ({said}).")
        if status in (400, 413, 422):
            return PromptTooLong(
                f"{server} refuses a text ({said}): if it is too long, set embedder_window to "
                "the length of its model in tokens."
            )
        return RemoteUnavailable(f"{server} failed: HTTP {status} ({said}).")

    def _unusable(self, what: str) -> ModelLoadFailed:
        return ModelLoadFailed(f"Embedder {self._name} cannot be used: {what}.")


def _unit(vector: list[float]) -> list[float]:
    length = math.hypot(*vector)
    if not vector or not math.isfinite(length) or length == 0:
        raise ValueError("no direction")
    return [number / length for number in vector]
