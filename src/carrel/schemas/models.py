"""Loaded models, in OpenAI's shape with extensions."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from carrel.core.models import ModelRequest, ModelState
from carrel.schemas.body import ReplyBody, RequestBody, Text

MOST_ADAPTERS = 100

Name = Annotated[Text, Field(min_length=1, max_length=500)]


def split_commas(value: Any) -> Any:
    """Turn ``a,b`` into ``["a", "b"]``, and null into none."""
    if value is None:
        return []
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


class ModelBody(ReplyBody):
    """One model. ``created`` is when the server started, ``context_length`` is in tokens.

    ``status`` is ``ready``, ``loading`` or ``failed``; ``reason`` is why it failed.
    ``adapter_of`` names the base of a LoRA adapter.
    """

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str = "carrel"
    status: str = "ready"
    engine: str = ""
    context_length: int | None = None
    precision: str = ""
    device: str = ""
    adapter_of: str | None = None
    reason: str | None = None

    @classmethod
    def of(cls, model: ModelState, created: int, reason: str | None = None) -> ModelBody:
        """Return the body of a core model; ``reason`` is what may be shown of the failure."""
        info = model.info
        body = cls(
            id=model.name,
            created=created,
            status=model.status.value,
            adapter_of=model.adapter_of,
            reason=reason,
        )
        if info is None:
            return body
        return body.model_copy(
            update={
                "engine": info.engine,
                "context_length": info.context_length,
                "precision": info.precision,
                "device": info.device,
            }
        )


class ModelList(ReplyBody):
    """The ready, loading and failed models, the default one first."""

    object: Literal["list"] = "list"
    data: list[ModelBody]


class LoadModel(RequestBody):
    """Loads a model. Omitted options take the server's settings.

    Without ``wait`` the reply is immediate, and the list of models shows the progress.
    """

    model: Name
    name: Name | None = None
    lora_weights: Annotated[list[Name], BeforeValidator(split_commas)] = Field(
        default_factory=list, max_length=MOST_ADAPTERS
    )
    load_8bit: bool | None = None
    load_4bit: bool | None = None
    dtype: str | None = None
    prompt_type: str | None = None
    inference_server: str | None = None
    trust_remote_code: bool | None = None
    wait: bool = True

    def to_core(self) -> ModelRequest:
        """Return core's request."""
        return ModelRequest(
            base_model=self.model,
            name=self.name,
            lora_weights=tuple(self.lora_weights),
            load_8bit=self.load_8bit,
            load_4bit=self.load_4bit,
            dtype=self.dtype,
            prompt_type=self.prompt_type,
            inference_server=self.inference_server,
            trust_remote_code=self.trust_remote_code,
        )


class UnloadModel(RequestBody):
    """Unloads a model."""

    model: Name


class UnloadedModels(ReplyBody):
    """The unloaded model and its adapters.

    ``default`` is the new default model.
    """

    unloaded: list[str]
    default: str | None = None
