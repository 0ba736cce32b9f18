"""Texts and their vectors, in OpenAI's shape.

Format: https://platform.openai.com/docs/api-reference/embeddings/create
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from carrel.schemas.body import ReplyBody, RequestBody, Text
from carrel.schemas.texts import Texts


class EmbeddingsBody(RequestBody):
    """Requests the vectors of one text or several, given as text or token ids.

    ``input_type`` is an extension: ``query`` embeds a text as a question, for models that
    distinguish questions and documents.
    """

    input: Texts
    model: Text | None = None
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = Field(None, ge=1)
    input_type: Literal["document", "query"] = "document"

    # It identifies the user and has no effect.
    user: str | None = None


class EmbeddingBody(ReplyBody):
    """One vector: numbers, or their little-endian 32-bit form in base64."""

    object: Literal["embedding"] = "embedding"
    index: int
    embedding: list[float] | str


class EmbeddingUsage(ReplyBody):
    """Tokens of all texts; 0 if a server embeds them."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingList(ReplyBody):
    """The vectors, in the order of the texts."""

    object: Literal["list"] = "list"
    data: list[EmbeddingBody]
    model: str
    usage: EmbeddingUsage

    @classmethod
    def of(
        cls, vectors: Sequence[Sequence[float]], *, tokens: int, model: str, packed: bool
    ) -> EmbeddingList:
        """Return the body; ``packed`` writes each vector in base64."""
        return cls(
            data=[
                EmbeddingBody(index=index, embedding=_packed(vector) if packed else list(vector))
                for index, vector in enumerate(vectors)
            ],
            model=model,
            usage=EmbeddingUsage(prompt_tokens=tokens, total_tokens=tokens),
        )


def _packed(vector: Sequence[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode("ascii")
