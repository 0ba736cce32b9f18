"""Models that are to be in service, and where each of them stands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from carrel.core.chat import ModelInfo


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

    ``reason`` says in one line why it failed.
    """

    name: str
    status: ModelStatus
    info: ModelInfo | None = None
    adapter_of: str | None = None
    reason: str | None = None
