"""An engine under test, with a view of how much its model works."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from carrel.core.protocols import Engine
from carrel.engine.choose import serve_loaded
from carrel.engine.loader import load
from carrel.engine.serving_limits import ServingLimits
from carrel.engine.spec import ModelSpec
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
