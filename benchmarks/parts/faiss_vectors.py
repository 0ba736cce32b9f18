"""Vectors like those of a large collection: embedded pieces of text, and others around them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import faiss
import numpy as np
import pypdfium2
from numpy.typing import NDArray

from carrel.index.embedding.directions import normalize
from carrel.index.embedding.embedder import SentenceTransformerEmbedder

Matrix = NDArray[np.float32]

CHARACTERS = 120


def pieces(folder: Path) -> Iterator[str]:
    """Yield the text of PDF files in pieces, those of different pages in turn."""
    texts = []
    for path in sorted(folder.glob("*.pdf")):
        with pypdfium2.PdfDocument(path) as document:
            texts += [" ".join(page.get_textpage().get_text_range().split()) for page in document]
    for begin in range(0, max(map(len, texts)), CHARACTERS):
        for text in texts:
            if len(text) >= begin + CHARACTERS:
                yield text[begin : begin + CHARACTERS]


def embedded(folder: Path, count: int) -> Matrix:
    """Return the vectors of so many pieces."""
    embedder = SentenceTransformerEmbedder("bundled", offline=True)
    chosen = list(dict.fromkeys(islice(pieces(folder), count)))
    return np.asarray(embedder.embed_documents(chosen), dtype=np.float32)


def grown(real: Matrix, size: int) -> Matrix:
    """Return ``size`` vectors: the real ones, and others around them."""
    chance = np.random.default_rng(1)
    flat = faiss.IndexFlatIP(real.shape[1])
    flat.add(real)
    _, near = flat.search(real, 21)
    parts, missing = [real[:size]], size - len(real)
    while missing > 0:
        count = min(missing, 20_000)
        start, other = chance.integers(len(real), size=(2, count))
        moved = real[start] + real[other] - real[near[other, chance.integers(1, 21, size=count)]]
        normalize(moved)
        parts.append(moved)
        missing -= count
    return np.concatenate(parts)
