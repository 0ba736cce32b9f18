"""Models that the tests of the engine room share."""

from __future__ import annotations

from pathlib import Path

import pytest

from carrel.engine.loader import load
from carrel.engine.spec import LoadedModel, ModelSpec
from tiny_model import save_tiny_model


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random model."""
    return save_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def tiny(tiny_folder: Path) -> LoadedModel:
    """The tiny model, loaded anew, in float32 so that equal means equal everywhere."""
    return load(ModelSpec(base_model=str(tiny_folder), dtype="float32"))
