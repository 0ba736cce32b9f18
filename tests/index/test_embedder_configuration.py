"""What a sentence-transformers model says of itself: prompts, normalization, maximum length."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from carrel.index.embedding.embedder import SentenceTransformerEmbedder
from tiny.embedder import save_tiny_embedder

Configured = Callable[..., SentenceTransformerEmbedder]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model without prompts, in a folder."""
    return save_tiny_embedder(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def configured(saved: Path, tmp_path: Path) -> Configured:
    """Return a function that opens the same weights with something else in the configuration."""

    def make(name: str, **changes: object) -> SentenceTransformerEmbedder:
        folder = tmp_path / name
        shutil.copytree(saved, folder)
        path = folder / "config_sentence_transformers.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))
        return SentenceTransformerEmbedder(str(folder), offline=True)

    return make


def is_same(first: list[float], second: list[float]) -> bool:
    """Whether two texts were the same to the model; rounding is far smaller than a word."""
    return float(np.dot(first, second)) > 0.9999


def test_the_prompt_of_questions_makes_their_vectors(configured: Configured) -> None:
    without = configured("without")
    asking = configured("asking", prompts={"query": "question: ", "document": ""})
    searching = configured("searching", prompts={"query": "search the harbour: ", "document": ""})
    plain, asked, searched = (each.embed_query("who?") for each in (without, asking, searching))
    assert is_same(asked, without.embed_query("question: who?"))
    assert is_same(searched, without.embed_query("search the harbour: who?"))
    assert not is_same(asked, plain)
    assert not is_same(asked, searched)
    # Documents have a prompt of their own, here none.
    assert is_same(asking.embed_documents(["who?"])[0], plain)


@pytest.mark.parametrize("key", ["document", "passage", "corpus"])
def test_the_prompt_of_documents_makes_their_vectors(configured: Configured, key: str) -> None:
    without = configured("without")
    prompted = configured("prompted", prompts={"query": "", key: "passage: "})
    [vector] = prompted.embed_documents(["a pier"])
    assert is_same(vector, without.embed_documents(["passage: a pier"])[0])
    assert not is_same(vector, without.embed_documents(["a pier"])[0])
    assert is_same(prompted.embed_query("a pier"), without.embed_query("a pier"))


def test_vectors_are_normalized_where_the_model_does_not_do_it(saved: Path) -> None:
    raw = SentenceTransformer(str(saved), device="cpu").encode(["a pier"])[0]
    assert abs(float(np.linalg.norm(raw)) - 1) > 0.1
    embedder = SentenceTransformerEmbedder(str(saved), offline=True)
    vector = embedder.embed_query("a pier")
    assert float(np.linalg.norm(vector)) == pytest.approx(1.0, abs=1e-5)
    assert is_same(vector, (raw / np.linalg.norm(raw)).tolist())


@pytest.mark.parametrize(("rotary", "tokens"), [(False, 64), (True, 32)])
def test_a_text_that_fits_is_read_to_its_last_word_and_a_longer_one_is_not(
    tmp_path: Path, rotary: bool, tokens: int
) -> None:
    """Where positions have no table that ends, the published length is the limit."""
    embedder = SentenceTransformerEmbedder(
        str(save_tiny_embedder(tmp_path, rotary=rotary)), offline=True
    )
    # Two special tokens surround the words.
    full = "pier " * (tokens - 2)
    one_more = "pier " * (tokens - 1)
    assert embedder.fits([full, one_more]) == [True, False]
    other_end = "pier " * (tokens - 3) + "fish"
    vectors = embedder.embed_documents([full, other_end, full + "fish", full + "river fish"])
    assert not is_same(vectors[0], vectors[1])
    assert is_same(vectors[0], vectors[2])
    assert is_same(vectors[0], vectors[3])


def test_the_prompt_counts_among_what_fits(configured: Configured) -> None:
    prompted = configured("prompted", prompts={"query": "", "document": "one two three "})
    assert prompted.fits(["pier " * 59, "pier " * 60]) == [True, False]
