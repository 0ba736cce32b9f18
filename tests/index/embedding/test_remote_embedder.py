"""The embedder over a server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from carrel.core.errors import (
    CarrelError,
    InvalidSetting,
    ModelLoadFailed,
    ModelNotFound,
    OfflineRefused,
    PromptTooLong,
    RemoteUnavailable,
)
from carrel.index.embedding import remote_embedder
from carrel.index.embedding.remote_embedder import RemoteEmbedder
from stand_ins.embedding_server import EmbeddingServer, embedding_server


@pytest.fixture
def server() -> Iterator[EmbeddingServer]:
    """A server whose vectors tell the length of a text."""
    with embedding_server(lambda texts: [[float(len(text)), 1.0] for text in texts]) as state:
        yield state


def remote(server: EmbeddingServer, key: str | None = None) -> RemoteEmbedder:
    return RemoteEmbedder(f"a/model@{server.url}", key, window=512, offline=True)


def test_it_asks_in_batches_and_keeps_the_order(server: EmbeddingServer) -> None:
    vectors = remote(server, "secret").embed_documents(["x" * at for at in range(1, 71)])
    assert [round(first / second) for first, second in vectors] == list(range(1, 71))
    assert [len(request["input"]) for request in server.requests] == [32, 32, 6]
    assert {request["model"] for request in server.requests} == {"a/model"}
    assert set(server.keys) == {"Bearer secret"}


@pytest.mark.parametrize(
    ("status", "body", "kind", "says"),
    [
        (401, {}, RemoteUnavailable, "embedder_api_key"),
        (404, {}, ModelNotFound, "a/model"),
        (413, {}, PromptTooLong, "embedder_window"),
        (500, {}, RemoteUnavailable, "HTTP 500"),
        (200, {"data": []}, ModelLoadFailed, "0 vectors for 1 texts"),
        (200, {"oops": 1}, ModelLoadFailed, "no list of vectors"),
        (200, {"data": [{"index": 0, "embedding": [0.0]}]}, ModelLoadFailed, "no list of vectors"),
    ],
)
def test_a_refusal_is_one_clear_line(
    server: EmbeddingServer, status: int, body: Any, kind: type[CarrelError], says: str
) -> None:
    server.answers = [(status, body)]
    with pytest.raises(kind, match=says) as caught:
        remote(server).embed_query("text")
    assert "\n" not in str(caught.value)


def test_vectors_of_another_length_are_refused(server: EmbeddingServer) -> None:
    embedder = remote(server)
    assert embedder.dimension == 2
    server.answers = [(200, {"data": [{"index": 0, "embedding": [1.0, 2.0, 3.0]}]})]
    with pytest.raises(ModelLoadFailed, match="not of one length"):
        embedder.embed_query("text")


def test_a_busy_server_is_asked_again(
    server: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_embedder, "PAUSES", (0.0, 0.0))
    server.answers = [(503, {}), (429, {})]
    assert len(remote(server).embed_query("text")) == 2
    server.answers = [(503, {})] * 3
    with pytest.raises(RemoteUnavailable, match="HTTP 503"):
        remote(server).embed_query("text")
    assert len(server.requests) == 6


def test_nobody_listens() -> None:
    embedder = RemoteEmbedder("m@http://127.0.0.1:1/v1", None, window=512, offline=True)
    with pytest.raises(RemoteUnavailable, match="does not answer"):
        embedder.embed_query("text")


def test_another_machine_is_refused_offline() -> None:
    with pytest.raises(OfflineRefused, match="--offline"):
        RemoteEmbedder("m@http://10.0.0.1:80/v1", None, window=512, offline=True)


@pytest.mark.parametrize("address", ["http://host:80/v1", "m@ftp://host", "m@http://"])
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(InvalidSetting, match="MODEL@http"):
        RemoteEmbedder(address, None, window=512, offline=False)


def test_lengths_are_estimated_from_above(server: EmbeddingServer) -> None:
    assert remote(server).fits(["word " * 200, "東京" * 100]) == [True, False]
    assert remote(server).fits(["word " * 200], reserve=200) == [False]
