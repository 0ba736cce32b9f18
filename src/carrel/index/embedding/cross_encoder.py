"""Reranker with a cross-encoder."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING

import structlog

from carrel.core.documents import RetrievedChunk
from carrel.core.errors import ModelLoadFailed
from carrel.core.indexed_text import compatible, indexed_text
from carrel.core.runtime.own_thread import in_own_thread
from carrel.index.embedding.sentence_model import load_sentence_model
from carrel.index.embedding.sentence_model_files import RERANKER, model_folder

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

BATCH = 8

log = structlog.get_logger()


class CrossEncoderReranker:
    """A ``Reranker`` over any sentence-transformers ``CrossEncoder`` with one output.

    ``name_or_path`` is a local folder or a hub id. The model is loaded lazily. Only safetensors
    weights are read, and code that comes with a model is never run; with ``offline`` nothing
    connects. A passage is read as it is indexed, with its file name and heading; text beyond the
    model's window is ignored.

    The score is the sigmoid of the model's output, whatever activation the model was saved with, so
    that it is between 0 and 1 (Nogueira and Cho, Passage Re-ranking with BERT, 2019).

    Raises (``scores``):
        ModelNotFound: no model by this name; the message lists the places that were tried.
        ModelLoadFailed: it was found but cannot be used.
        StorageFull: the disk is full.
    """

    def __init__(self, name_or_path: str, *, offline: bool) -> None:
        self._name = name_or_path
        self._offline = offline
        self._lock = Lock()
        self._model: CrossEncoder | None = None

    def scores(self, question: str, passages: Sequence[RetrievedChunk]) -> list[float]:
        """Return the probability of each passage that it answers the question."""
        if not passages:
            return []
        texts = (
            indexed_text(each.document_name, each.chunk.heading, each.chunk.text)
            for each in passages
        )
        pairs = [(compatible(question), compatible(text)) for text in texts]
        with self._lock:
            return in_own_thread(lambda: self._predict(pairs), "rerank")

    def _predict(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        if self._model is None:
            self._model = self._load()
        import torch

        found = self._model.predict(
            list(pairs),
            batch_size=BATCH,
            show_progress_bar=False,
            activation_fn=torch.nn.Sigmoid(),
            convert_to_tensor=True,
        )
        return [float(score) for score in found.float()]

    def _load(self) -> CrossEncoder:
        folder = model_folder(self._name, RERANKER, offline=self._offline)
        model: CrossEncoder = load_sentence_model(RERANKER, self._name, folder)
        if model.num_labels != 1:
            raise ModelLoadFailed(
                f"Reranker {self._name} cannot be used: it has {model.num_labels} outputs, and a "
                "reranker has one."
            )
        log.info("reranker.loaded", reranker=self._name, tokens=model.max_seq_length)
        return model
