"""What every embedder promises (``carrel.core.protocols.adapters.Embedder``)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from carrel.core.protocols.adapters import Embedder
from carrel.index.embedding.embedder import SentenceTransformerEmbedder
from carrel.index.embedding.multilingual_embedder import MultilingualEmbedder
from carrel.index.embedding.remote_embedder import RemoteEmbedder
from stand_ins.embedding_server import embedding_server
from tiny.embedder import save_tiny_embedder

TEXTS = [
    "The lighthouse keeper was called Ingrid.",
    "Revenue rose by four percent in 2022. " * 20,
    "short",
    "Вода кипит при ста градусах",
    "东京的高塔 😀",
    "The lighthouse keeper was called Ingrid.",
    "",
    "\x00 \u202e \ufffd",
]


@pytest.fixture(scope="module", params=["bundled", "multilingual", "tiny", "remote"])
def embedder(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Embedder]:
    """Each kind of model, loaded once."""
    if request.param == "bundled":
        yield SentenceTransformerEmbedder("bundled", offline=True)
        return
    if request.param == "multilingual":
        yield MultilingualEmbedder()
        return
    folder = save_tiny_embedder(tmp_path_factory.mktemp("tiny"))
    tiny = SentenceTransformerEmbedder(str(folder), offline=True, batch_size=3)
    if request.param == "tiny":
        yield tiny
        return
    with embedding_server(tiny.embed_documents) as server:
        yield RemoteEmbedder(f"tiny@{server.url}", None, window=512, offline=True)


def test_vectors_have_the_stated_dimension_and_length_one(embedder: Embedder) -> None:
    vectors = np.asarray(embedder.embed_documents(TEXTS))
    assert vectors.shape == (len(TEXTS), embedder.dimension)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-5)
    query = embedder.embed_query("Who kept the lighthouse?")
    assert len(query) == embedder.dimension
    assert np.linalg.norm(query) == pytest.approx(1.0, abs=1e-5)


def test_vectors_are_plain_numbers(embedder: Embedder) -> None:
    assert {type(number) for number in embedder.embed_query("text")} == {float}
    assert {type(number) for number in embedder.embed_documents(["text"])[0]} == {float}


def test_the_order_is_kept_whatever_the_lengths(embedder: Embedder) -> None:
    together = np.asarray(embedder.embed_documents(TEXTS))
    alone = np.asarray([embedder.embed_documents([text])[0] for text in TEXTS])
    assert np.sum(together * alone, axis=1) == pytest.approx(1.0, abs=1e-3)
    assert together[0] == pytest.approx(together[5], abs=2e-3)


def test_the_same_call_gives_the_same_vectors(embedder: Embedder) -> None:
    assert embedder.embed_documents(TEXTS) == embedder.embed_documents(TEXTS)
    assert embedder.embed_query("text") == embedder.embed_query("text")


def test_no_text_gives_no_vector(embedder: Embedder) -> None:
    assert embedder.embed_documents([]) == []


def test_threads_get_the_vectors_of_their_own_texts(embedder: Embedder) -> None:
    expected = [embedder.embed_query(text) for text in TEXTS]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(embedder.embed_query, TEXTS)) == expected


def test_the_name_tells_models_apart(embedder: Embedder, tmp_path: Path) -> None:
    other = SentenceTransformerEmbedder(str(tmp_path), offline=True)
    assert embedder.name
    assert embedder.name != other.name
