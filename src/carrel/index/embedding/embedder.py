"""Embedder with a sentence-transformers model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from threading import RLock
from typing import TYPE_CHECKING, Any

import structlog

from carrel.core.errors import ModelLoadFailed
from carrel.core.runtime.own_thread import in_own_thread
from carrel.index.embedding.sentence_model import load_sentence_model
from carrel.index.embedding.sentence_model_files import EMBEDDER, embedder_folder
from carrel.index.embedding.token_window import TokenWindow, document_prompt

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

CPU_BATCH = 32
CPU_BATCH_CHARACTERS = 4000
"""Token budget of a batch on a CPU, where padding costs more than small batches do.

Chunks of 700 characters, median of five interleaved rounds beside plain sentence-transformers:
batches of 8 texts 2.6 times as fast, of 4 texts 2.8, of 1 text 2.5, by this budget 2.9. Texts of
120 characters: 2.6, 2.3, 1.1, 2.9.
"""

GPU_BATCH = 64

log = structlog.get_logger()


class SentenceTransformerEmbedder:
    """An embedder from a sentence-transformers model; ``bundled`` is all-MiniLM-L6-v2.

    ``name_or_path`` is ``bundled``, a local folder, or a hub id. The model is loaded lazily. Only
    safetensors weights are read, never a pickle file, and code that comes with a model is never
    run. With ``offline`` nothing connects; a bundled or local model never does.

    Vectors have length 1. The same call gives the same vectors; batching affects only the rounding
    (by less than 0.001 per component with bfloat16). Thread-safe: one thread at a time computes.

    A CPU with instructions for bfloat16 computes in it up to the last layer; pooling and scaling
    are in float32. Other CPUs compute in float32, whatever the weights were stored as.
    ``batch_size`` None adapts the batches to the device and the texts. Measured in
    benchmarks/results/embedding.md: at least twice as fast as plain sentence-transformers, with the
    same hit@5; cosines between vectors of the two kinds are above 0.9999. 8-bit weights and inputs
    (fbgemm, by output) were tried and dropped: no faster than bfloat16, and the right paragraph
    came first for 90.3 % of the questions instead of 92.0 %.

    Raises (everything but the constructor and ``name``):
        ModelNotFound: no model by this name; the message lists the places that were tried.
        ModelLoadFailed: it was found but cannot be used.
        StorageFull: the disk is full.
    """

    def __init__(self, name_or_path: str, *, offline: bool, batch_size: int | None = None) -> None:
        self._name = name_or_path
        self._offline = offline
        self._batch_size = batch_size
        self._lock = RLock()
        self._model: SentenceTransformer | None = None
        self._window: TokenWindow | None = None

    @property
    def name(self) -> str:
        """The name as given, by which the same model can be loaded again."""
        return self._name

    @property
    def is_loaded(self) -> bool:
        """Whether the weights are in memory; it never waits for them."""
        return self._model is not None

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        with self._lock:
            length = self._loaded().get_embedding_dimension()
        if length is None:
            raise ModelLoadFailed(
                f"Embedder {self._name} does not state the length of its vectors."
            )
        return length

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector per text, in order, with the model's document prompt."""
        if not texts:
            return []
        with self._lock:
            model = self._loaded()
            encode = partial(model.encode_document, prompt=document_prompt(model))
            return self._in_own_thread(encode, list(texts))

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a query, with the model's query prompt."""
        with self._lock:
            return self._in_own_thread(self._loaded().encode_query, [text])[0]

    def fits(self, texts: Sequence[str], reserve: int = 0) -> list[bool]:
        """Return for each text whether it, its prompt and ``reserve`` tokens fit the window."""
        return self._own_window().fits(texts, reserve)

    def longest_text(self) -> int | None:
        """Return the maximum length of a text in tokens; None if unlimited."""
        return self._own_window().length

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the length of each text in tokens, its prompt included."""
        return self._own_window().counts(texts)

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of token ids.

        Raises:
            InvalidRequest: an id is not in the vocabulary.
        """
        return self._own_window().decode(ids)

    def _own_window(self) -> TokenWindow:
        if self._window is None:
            with self._lock:
                self._window = TokenWindow(self._loaded())
        return self._window

    def _in_own_thread(self, encode: Callable[..., Any], texts: list[str]) -> list[list[float]]:
        return in_own_thread(lambda: self._encode(encode, texts), "embed")

    def _encode(self, encode: Callable[..., Any], texts: list[str]) -> list[list[float]]:
        vectors = encode(
            texts,
            batch_size=self._batch_size or self._fitting_batch(texts),
            show_progress_bar=False,
            convert_to_numpy=True,
            normalize_embeddings=True,
        )
        rows: list[list[float]] = vectors.astype("float32").tolist()
        return rows

    def _fitting_batch(self, texts: Sequence[str]) -> int:
        if self._loaded().device.type != "cpu":
            return GPU_BATCH
        longest = max(map(len, texts))
        return min(max(CPU_BATCH_CHARACTERS // max(longest, 1), 1), CPU_BATCH)

    def _loaded(self) -> SentenceTransformer:
        if self._model is None:
            self._model = in_own_thread(self._load, "load embedder")
        return self._model

    def _load(self) -> SentenceTransformer:
        folder = embedder_folder(self._name, offline=self._offline)
        model: SentenceTransformer = load_sentence_model(EMBEDDER, self._name, folder)
        _lift_length(model)
        model[0].register_forward_hook(_in_float32)
        log.info("embedder.loaded", embedder=self._name, tokens=model.max_seq_length)
        return model


def _in_float32(_module: Any, _inputs: Any, features: dict[str, Any]) -> dict[str, Any]:
    """Pass full-precision numbers to the modules after the transformer, which pool and scale."""
    import torch

    def full(value: Any) -> Any:
        is_number = isinstance(value, torch.Tensor) and value.is_floating_point()
        return value.float() if is_number else value

    return {name: full(value) for name, value in features.items()}


def _lift_length(model: SentenceTransformer) -> None:
    """Raise the model's text limit to its number of positions.

    Models are published with a lower limit, beyond which they silently truncate. Of 3,227 chunks of
    1,000 characters from four annual reports, 2.4 % have more than the 256 tokens of
    all-MiniLM-L6-v2, and none more than its 512 positions; of XQuAD's paragraphs 9.2 % have, and
    reading all of them finds the right one first for 92.0 % of the questions instead of 91.2 %.
    """
    from torch.nn import Embedding

    try:
        table = model[0].get_submodule("model.embeddings.position_embeddings")
    except AttributeError:
        # Rotary and relative positions have no table with an end.
        return
    if isinstance(table, Embedding) and model.max_seq_length is not None:
        # RoBERTa and related models reserve the first rows of the table for padding.
        unused = 0 if table.padding_idx is None else table.padding_idx + 1
        model.max_seq_length = max(model.max_seq_length, table.num_embeddings - unused)
