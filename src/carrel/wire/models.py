"""The models in service, in OpenAI's shape with what Carrel knows of them besides."""

from __future__ import annotations

from typing import Literal

from carrel.core.chat import ModelInfo
from carrel.wire.body import ReplyBody


class ModelBody(ReplyBody):
    """One model. ``created`` is when the server started, ``context_length`` is in tokens."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str = "carrel"
    engine: str = ""
    context_length: int
    precision: str = ""
    device: str = ""

    @classmethod
    def of(cls, model: ModelInfo, created: int) -> ModelBody:
        """Return the body of a core model."""
        return cls(
            id=model.name,
            created=created,
            engine=model.engine,
            context_length=model.context_length,
            precision=model.precision,
            device=model.device,
        )


class ModelList(ReplyBody):
    """The models that can answer now, the default one first."""

    object: Literal["list"] = "list"
    data: list[ModelBody]
