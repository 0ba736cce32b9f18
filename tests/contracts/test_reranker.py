"""What every reranker promises (``carrel.core.protocols.reranking.Reranker``)."""

from __future__ import annotations

from pathlib import Path

import pytest

from carrel.core.documents import Chunk, RetrievedChunk
from carrel.core.errors import ModelLoadFailed, ModelNotFound
from carrel.core.protocols.reranking import Reranker
from carrel.index.embedding.cross_encoder import CrossEncoderReranker
from tiny.cross_encoder import save_tiny_cross_encoder

TEXTS = ["The harbour was built in 1850.", "short", "", "Вода кипит", "東京 😀", "long " * 500]


@pytest.fixture(scope="module")
def reranker(tmp_path_factory: pytest.TempPathFactory) -> Reranker:
    """A model of random weights: what it says means nothing, how it says it does."""
    folder = save_tiny_cross_encoder(tmp_path_factory.mktemp("reranker"))
    return CrossEncoderReranker(str(folder), offline=True)


def passages(texts: list[str]) -> list[RetrievedChunk]:
    """Chunks with these texts."""
    return [RetrievedChunk(Chunk(t, "d", 0, t, heading="Head"), "a.txt", "C", 0.5) for t in texts]


def test_there_is_one_score_from_zero_to_one_for_each_passage(reranker: Reranker) -> None:
    scores = reranker.scores("When was the harbour built?", passages(TEXTS))
    assert len(scores) == len(TEXTS)
    assert all(type(score) is float and 0 <= score <= 1 for score in scores)
    assert len(set(scores)) > 1
    assert reranker.scores("anything", []) == []


def test_the_order_and_the_company_do_not_matter(reranker: Reranker) -> None:
    together = reranker.scores("harbour", passages(TEXTS))
    backwards = reranker.scores("harbour", passages(TEXTS[::-1]))
    assert together == pytest.approx(backwards[::-1], abs=1e-3)


def test_the_question_and_the_context_count(reranker: Reranker) -> None:
    (one,) = reranker.scores("harbour", passages(["text"]))
    assert reranker.scores("mill", passages(["text"])) != [one]
    chunk = Chunk(
        "1", "d", 0, "text", heading="Quite another heading of the text, and a longer one"
    )
    assert reranker.scores("harbour", [RetrievedChunk(chunk, "a.txt", "C", 0.5)]) != [one]


def test_what_cannot_be_used_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="Reranker no/such/model not found"):
        CrossEncoderReranker("no/such/model", offline=True).scores("q", passages(["t"]))
    with pytest.raises(ModelNotFound, match=r"cross-encoder|offline"):
        CrossEncoderReranker("ms-marco-MiniLM-L6-v2", offline=True).scores("q", passages(["t"]))
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelLoadFailed, match="safetensors"):
        CrossEncoderReranker(str(tmp_path), offline=True).scores("q", passages(["t"]))
    folder = save_tiny_cross_encoder(tmp_path / "three", labels=3)
    with pytest.raises(ModelLoadFailed, match="it has 3 outputs"):
        CrossEncoderReranker(str(folder), offline=True).scores("q", passages(["t"]))
