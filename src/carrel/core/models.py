"""The models in service: what is asked for, where each stands, and who has them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from carrel.core.chat import ModelInfo
from carrel.core.protocols.adapters import Engine


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """A model to be loaded; the fields mean the same as the settings of these names.

    ``base_model`` may also be the name of a model in service. None takes the server's setting, but
    no other model's ``lora_weights`` and ``inference_server``. ``name`` is what it is to be called.
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
    """How far a model has come."""

    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ModelState:
    """A model that is in service or on its way; ``info`` is there once it is ready.

    ``reason`` says in one line why it failed. ``host`` is the name or address of the server that
    runs it; None where this process does.
    """

    name: str
    status: ModelStatus
    info: ModelInfo | None = None
    adapter_of: str | None = None
    reason: str | None = None
    host: str | None = None


class EnginePool(Protocol):
    """The models in service."""

    def models(self) -> list[ModelInfo]:
        """The models that can answer now, the default one first."""
        ...

    def get(self, name: str | None) -> Engine:
        """Return the engine of a model, of the default one for None.

        Raises:
            ModelNotFound: no model by that name is in service.
            ModelNotReady: it is still loading.
            ModelLoadFailed: it could not be loaded.
        """
        ...

    def states(self) -> list[ModelState]:
        """Every model that is in service, loads or failed, the default one first."""
        ...

    def begin_load(self, request: ModelRequest) -> list[ModelState]:
        """Begin to load and return at once; a failure stays to be seen in ``states``.

        Raises:
            AlreadyExists: its name is taken.
            InvalidRequest: the request contradicts itself.
            AccessDenied: the request wants what only the start of the server can allow.
        """
        ...

    async def load(self, request: ModelRequest) -> list[ModelState]:
        """Load a model with its adapters, and return what came into service.

        Cancelling only ends the waiting. A load that fails leaves nothing behind.

        Raises:
            AlreadyExists, InvalidRequest, AccessDenied: as ``begin_load``.
            ModelNotFound, ModelLoadFailed, StorageFull, OfflineRefused: it cannot be loaded.
        """
        ...

    async def unload(self, name: str) -> list[str]:
        """Take a model out of service, and return the names of what went: its adapters go with it.

        Its running answers end with ``GenerationFailed``. The next model becomes the default one
        where it was that.

        Raises:
            ModelNotFound: no model by that name is in service.
            ModelNotReady: it, or an adapter over it, is still loading.
        """
        ...
