"""Vectors of ``vector_stores.py``: documents around topics, and questions with their answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from carrel.core.documents import Chunk
from carrel.index.embedding.directions import normalize

Matrix = NDArray[np.float32]

LENGTH, LATENT = 384, 64
TOPICS, PER_DOCUMENT = 1000, 100
BATCH = 64
QUESTIONS, NEAREST, NAMED = 200, 10, 5

# Matrices this small take ten times as long with a second thread on a busy machine.
_one_thread = ThreadpoolController().wrap(limits=1, user_api="blas")

_shared = np.random.default_rng(0)
SPREAD = _shared.normal(size=(LATENT, LENGTH)) / LATENT**0.5
CENTERS = _shared.normal(size=(TOPICS, LATENT))


def document_id(number: int) -> str:
    """Return the id of a document."""
    return uuid5(NAMESPACE_OID, str(number)).hex


@_one_thread
def document(number: int) -> tuple[list[Chunk], Matrix]:
    """Return the chunks of one document, and their vectors."""
    chance = np.random.default_rng(number + 1)
    own = chance.normal(size=(1 + PER_DOCUMENT, LATENT))
    latent = CENTERS[chance.integers(TOPICS)] + 0.7 * own[0] + 0.7 * own[1:]
    noise = 0.2 * chance.normal(size=(PER_DOCUMENT, LENGTH))
    vectors = (latent @ SPREAD + noise).astype(np.float32)
    normalize(vectors)
    name = document_id(number)
    chunks = [Chunk(f"{name}-{ordinal}", name, ordinal, "") for ordinal in range(PER_DOCUMENT)]
    return chunks, vectors


def batches(numbers: Sequence[int], size: int = BATCH) -> Iterator[tuple[list[Chunk], Matrix]]:
    """Yield the chunks of documents in batches, the small ones of one document each."""
    together = max(1, size // PER_DOCUMENT)
    for first in range(0, len(numbers), together):
        made = [document(number) for number in numbers[first : first + together]]
        chunks = [chunk for own, _ in made for chunk in own]
        vectors = np.concatenate([own for _, own in made])
        for begin in range(0, len(chunks), size):
            part = slice(begin, begin + size)
            yield chunks[part], vectors[part]


def exact(size: int) -> dict[str, Any]:
    """Return questions, the documents that they name, and what is nearest to each."""
    chance = np.random.default_rng(999_999_999)
    documents = size // PER_DOCUMENT
    asked = np.empty((QUESTIONS, LENGTH), dtype=np.float32)
    named: list[list[int]] = []
    for row, number in enumerate(chance.integers(documents, size=QUESTIONS).tolist()):
        noise = 0.5 * chance.normal(size=LENGTH) / LENGTH**0.5
        asked[row] = document(number)[1][chance.integers(PER_DOCUMENT)] + noise
        others = chance.choice(documents, size=min(NAMED, documents) - 1, replace=False)
        named.append(sorted({number, *others.tolist()}))
    normalize(asked)
    within = [_nearest(asked[row : row + 1], chosen)[0] for row, chosen in enumerate(named)]
    return {
        "questions": asked.tolist(),
        "named": [[document_id(number) for number in chosen] for chosen in named],
        "nearest": _nearest(asked, range(documents)),
        "nearest_within": within,
    }


@_one_thread
def _nearest(asked: Matrix, numbers: Sequence[int]) -> list[list[str]]:
    """Return the ids of the nearest chunks of each question, among those documents."""
    scores = np.empty((len(asked), 0), dtype=np.float32)
    rows = np.empty((len(asked), 0), dtype=np.int64)
    for number in numbers:
        own = np.arange(PER_DOCUMENT) + number * PER_DOCUMENT
        scores = np.hstack([scores, asked @ document(number)[1].T])
        rows = np.hstack([rows, np.broadcast_to(own, (len(asked), PER_DOCUMENT))])
        best = np.argpartition(-scores, NEAREST, axis=1)[:, :NEAREST]
        scores = np.take_along_axis(scores, best, axis=1)
        rows = np.take_along_axis(rows, best, axis=1)
    return [
        [f"{document_id(row // PER_DOCUMENT)}-{row % PER_DOCUMENT}" for row in line]
        for line in rows.tolist()
    ]
