"""An engine under test, with a view of how much its model works."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from carrel.core.protocols.adapters import Engine
from carrel.engine.choose import serve_loaded
from carrel.engine.llamacpp.engine import LlamaCppEngine, load_gguf
from carrel.engine.llamacpp.model import LlamaModel
from carrel.engine.loading.loader import load
from carrel.engine.spec import ModelSpec, ServingLimits
from carrel.settings.schema import EngineKind


@dataclass(frozen=True)
class Subject:
    """An engine under test; ``steps`` counts the tokens that its model made so far."""

    engine: Engine
    steps: Callable[[], int]
    question: str = "Describe a library in many words."


def counted(spec: ModelSpec, pause: float = 0.0, batched: bool = False) -> Subject:
    """Load a model whose forward passes are counted, and last ``pause`` seconds longer."""
    loaded = load(spec)
    passes: list[int] = []

    def note(*_: Any) -> None:
        passes.append(1)
        time.sleep(pause)

    loaded.model.register_forward_hook(note)
    kind = EngineKind.CONTINUOUS if batched else EngineKind.SEQUENTIAL
    engine = serve_loaded(loaded, kind, ServingLimits(max_batch=8))
    return Subject(engine, lambda: len(passes))


class Paused:
    """A model of llama.cpp whose passes last longer."""

    def __init__(self, model: LlamaModel, pause: float) -> None:
        self._model = model
        self._pause = pause

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def compute(self, readings: Sequence[Any]) -> Any:
        """Compute, after a while."""
        time.sleep(self._pause)
        return self._model.compute(readings)


def counted_llamacpp(spec: ModelSpec, pause: float = 0.0) -> Subject:
    """Load a GGUF file into llama.cpp; its passes last ``pause`` seconds longer."""
    loaded, model = load_gguf(spec, ServingLimits(max_batch=4))
    engine = LlamaCppEngine(loaded, cast("LlamaModel", Paused(model, pause)), waiting=16)
    return Subject(engine, lambda: model.passes)
