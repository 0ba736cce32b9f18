"""Training the lists of a large FAISS index."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from carrel.index.embedding.directions import normalize
from carrel.index.faiss.centroids import list_count, train


def around(center: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    noise = np.random.default_rng(1).normal(size=(count, len(center)))
    vectors = (center + 0.1 * noise).astype(np.float32)
    normalize(vectors)
    return vectors


def never() -> None:
    pass


def test_the_centers_are_where_the_vectors_are() -> None:
    axes = np.eye(16, dtype=np.float32)[:3]
    index = train(np.concatenate([around(axis, 40) for axis in axes]), 30, never)
    centers = index.quantizer.reconstruct_n(0, index.nlist)
    assert index.is_trained
    assert index.ntotal == 0
    nearest = (centers @ axes.T).max(axis=0)
    assert nearest.tolist() == pytest.approx([1.0] * 3, abs=0.05)
    assert np.linalg.norm(centers, axis=1) == pytest.approx(np.ones(index.nlist), abs=1e-5)


def test_no_center_is_a_copy_of_a_lone_vector() -> None:
    alone = np.eye(16, dtype=np.float32)[5:6]
    crowd = around(np.eye(16, dtype=np.float32)[0], 200)
    # As many lists as vectors: every vector is a center at first.
    index = train(np.concatenate([crowd, alone]), 201, never)
    centers = index.quantizer.reconstruct_n(0, index.nlist)
    assert float((centers @ alone[0]).max()) < 0.5


def test_no_center_is_such_a_copy_beside_those_that_have_many() -> None:
    axes = np.eye(16, dtype=np.float32)
    alone, crowd = axes[5:], np.repeat(axes[:2], 100, axis=0)
    # Most of those that are alone are centers at first.
    index = train(np.concatenate([crowd, alone]), 150, never)
    centers = index.quantizer.reconstruct_n(0, index.nlist)
    assert float((centers @ alone.T).max()) < 0.5
    assert (centers @ axes[:2].T).max(axis=0).tolist() == pytest.approx([1.0] * 2, abs=0.1)


def test_with_few_vectors_there_is_one_list() -> None:
    index = train(around(np.eye(16, dtype=np.float32)[0], 3), 1, never)
    assert index.nlist == 1
    assert list_count(5, 5) == 1


def test_there_are_lists_for_the_square_root_of_the_vectors_up_to_a_limit() -> None:
    assert list_count(100_000, 100_000) == 1264
    assert list_count(31_000_000, 100_000) == 4096
    assert list_count(100_000, 2_400) == 100


def test_training_stops_when_requested() -> None:
    class Stopped(Exception):
        pass

    def stop() -> None:
        raise Stopped

    with pytest.raises(Stopped):
        train(around(np.eye(16, dtype=np.float32)[0], 50), 2, stop)
