"""A folder with a FAISS index above its flat limit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from carrel.index.faiss.faiss import FaissIndex
from running.faiss_segments import LIMIT, Opener, fill, segments


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "faiss"


@pytest.fixture
def open_index(folder: Path) -> Iterator[Opener]:
    with ExitStack() as opened:

        def open_() -> FaissIndex:
            index = FaissIndex(folder, flat_limit=LIMIT)
            opened.callback(index.close)
            return index

        yield open_


@pytest.fixture
def filled(open_index: Opener, folder: Path) -> FaissIndex:
    """An index of 600 vectors in a file and 50 in memory."""
    index = open_index()
    fill(index, 0, 600)
    index.settle()
    fill(index, 600, 650)
    index.settle()
    assert len(segments(folder)) == 1
    return index
