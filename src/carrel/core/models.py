"""Model registry: load requests, states and engines."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from carrel.core.chat import ModelInfo
from carrel.core.protocols.adapters import Engine


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """A request to load a model; the fields have the names of the settings.

    ``base_model`` may be the name of a loaded model. None takes the server's setting, except for
    ``lora_weights`` and ``inference_server``. ``name`` is the model's name on this server.
    """

    base_model: str
    name: str | None = None
    lora_weights: tuple[str, ...] = ()
    load_8bit: bool | None = None
    load_4bit: bool | None = None
    dtype: str | None = None
    prompt_type: str | None = None
    inference_server: str | None = None
    trust_remote_code: bool | None = None


class ModelStatus(StrEnum):
    """Loading state of a model."""

    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ModelState:
    """A loaded or loading model; ``info`` is set once it is ready.

    ``reason`` is why it failed, in one line. ``host`` is the server that runs it; None if this
    process does.
    """

    name: str
    status: ModelStatus
    info: ModelInfo | None = None
    adapter_of: str | None = None
    reason: str | None = None
    host: str | None = None


class EnginePool(Protocol):
    """The loaded models."""

    def models(self) -> list[ModelInfo]:
        """The models that are ready, the default one first."""
        ...

    def get(self, name: str | None) -> Engine:
        """Return the engine of a model; None means the default one.

        Raises:
            ModelNotFound: no model by that name is loaded.
            ModelNotReady: it is still loading.
            ModelLoadFailed: it could not be loaded.
        """
        ...

    def states(self) -> list[ModelState]:
        """Every ready, loading or failed model, the default one first."""
        ...

    def begin_load(self, request: ModelRequest) -> list[ModelState]:
        """Start loading and return at once; a failure is shown in ``states``.

        Raises:
            AlreadyExists: its name is taken.
            InvalidRequest: the request contradicts itself.
            AccessDenied: the request wants what only the start of the server can allow.
        """
        ...

    async def load(self, request: ModelRequest) -> list[ModelState]:
        """Load a model with its adapters, and return the new models.

        Cancelling only ends the waiting. A failed load leaves nothing behind.

        Raises:
            AlreadyExists, InvalidRequest, AccessDenied: as ``begin_load``.
            ModelNotFound, ModelLoadFailed, StorageFull, OfflineRefused: it cannot be loaded.
        """
        ...

    async def unload(self, name: str) -> list[str]:
        """Unload a model and its adapters, and return their names.

        Its running answers end with ``GenerationFailed``. If it was the default model, the next one
        becomes the default.

        Raises:
            ModelNotFound: no model by that name is loaded.
            ModelNotReady: it, or an adapter over it, is still loading.
        """
        ...
