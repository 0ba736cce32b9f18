"""Normalisation of vectors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def normalize(matrix: NDArray[np.float32]) -> None:
    """Scale rows to length 1 in place; rows of zeros are unchanged."""
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    np.divide(matrix, lengths, out=matrix, where=lengths > 0)
