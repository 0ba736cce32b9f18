"""HTTP client of a remote engine."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

import httpx

from carrel.core.chat import Message
from carrel.core.errors import CarrelError, GenerationFailed, ModelNotFound, RemoteUnavailable
from carrel.engine.remote.errors import remote_error
from carrel.engine.remote.inference_server import is_on_this_machine
from carrel.engine.remote.model import RemoteModel, count_by_server, listed_models
from carrel.engine.remote.stream import Piece, read_pieces

TIMEOUTS = httpx.Timeout(10.0, read=300.0)
"""Timeouts in seconds for connecting, and for the next bytes: long prompts take long."""


class RemoteServer:
    """Calls to one server. For this machine itself no proxy of the environment is used."""

    def __init__(self, base_url: str, api_key: str | None) -> None:
        self.base_url = base_url
        self._options: dict[str, Any] = {
            "headers": {"Authorization": f"Bearer {api_key}"} if api_key else {},
            "timeout": TIMEOUTS,
            "trust_env": not is_on_this_machine(base_url),
            # Loading the certificates takes longer than a call: once here, not once per call.
            "verify": httpx.create_ssl_context() if base_url.startswith("https:") else False,
        }
        self._counts = True

    def find_model(self, name: str | None) -> RemoteModel:
        """Return the model by that name, the server's first for None.

        Servers that load models on demand may list none: any name is accepted then.

        Raises:
            RemoteUnavailable: the server does not answer, or rejects the API key.
            ModelNotFound: it does not have the model, or none at all.
        """
        try:
            with httpx.Client(**self._options) as client:
                response = client.get(f"{self.base_url}/models")
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error
        if response.status_code != httpx.codes.OK:
            raise self._refusal(response)
        models = listed_models(_json(response))
        for model in models:
            if name is None or model.id == name:
                return model
        if name is not None and not models:
            return RemoteModel(name)
        there = ", ".join(model.id for model in models) or "none"
        wanted = f"model {name}" if name else "any model"
        raise ModelNotFound(
            f"The inference server {self.base_url} does not have {wanted}; it has: {there}."
        )

    async def count_tokens(self, model: RemoteModel, messages: Sequence[Message]) -> int | None:
        """Return the prompt's length as counted by the server, None if it cannot.

        Raises:
            RemoteUnavailable: the server does not answer.
        """
        if not self._counts:
            return None
        try:
            async with httpx.AsyncClient(**self._options) as client:
                counted = await count_by_server(client, self.base_url, model, messages)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error
        self._counts = counted is not None  # a missing endpoint is not called again
        return counted

    async def stream(self, body: dict[str, Any]) -> AsyncGenerator[Piece]:
        """Yield the events of a chat completion. Closing the generator closes the connection.

        Raises:
            CarrelError: see ``remote_error`` and ``read_pieces``.
            RemoteUnavailable: the server does not answer.
            GenerationFailed: the connection broke during the answer.
        """
        started = False
        url = f"{self.base_url}/chat/completions"
        try:
            async with (
                httpx.AsyncClient(**self._options) as client,
                client.stream("POST", url, json=body) as response,
            ):
                if response.status_code != httpx.codes.OK:
                    await response.aread()
                    raise self._refusal(response)
                async with aclosing(read_pieces(response.aiter_lines())) as pieces:
                    async for piece in pieces:
                        started = True
                        yield piece
        except httpx.HTTPError as error:
            if not started:
                raise self._unreachable(error) from error
            raise GenerationFailed(
                f"The connection to the inference server {self.base_url} broke in the middle of "
                f"the answer ({_reason(error)})."
            ) from error

    def _refusal(self, response: httpx.Response) -> CarrelError:
        wait = response.headers.get("Retry-After", "")
        return remote_error(
            self.base_url,
            response.status_code,
            _json(response),
            float(wait) if wait.isdecimal() else 1.0,
        )

    def _unreachable(self, error: httpx.HTTPError) -> RemoteUnavailable:
        return RemoteUnavailable(
            f"The inference server {self.base_url} does not answer ({_reason(error)}): "
            "is it running, and is the address right?"
        )


def _json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def _reason(error: httpx.HTTPError) -> str:
    return str(error).strip().rstrip(".") or type(error).__name__
