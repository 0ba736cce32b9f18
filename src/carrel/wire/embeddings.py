"""Texts and their vectors, in OpenAI's shape.

Format: https://platform.openai.com/docs/api-reference/embeddings/create
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from carrel.wire.body import ReplyBody, RequestBody, Text, require_encodable

MOST_TEXTS = 2048
MOST_TOKENS = 300_000

_IS_TOKEN_ID = {"type": "integer", "minimum": 0}
_TEXT = {"type": "string"}
_IDS = {"type": "array", "items": _IS_TOKEN_ID, "minItems": 1, "maxItems": MOST_TOKENS}
_INPUT = {
    "anyOf": [
        _TEXT,
        _IDS,
        {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": MOST_TEXTS},
        {"type": "array", "items": _IDS, "minItems": 1, "maxItems": MOST_TEXTS},
    ],
    "examples": ["The reading room is open until six.", ["one text", "another"]],
}

TokenIds = tuple[int, ...]


def as_inputs(value: Any) -> tuple[str | TokenIds, ...]:
    """Return the texts of one of the four forms of an input, each as a text or as token ids.

    Raises:
        ValueError: it has none of the four forms, or too many texts.
    """
    if isinstance(value, str):
        return (require_encodable(value),)
    if isinstance(value, list) and value:
        if all(map(_is_id, value)):
            return (_token_ids(value),)
        if len(value) > MOST_TEXTS:
            raise ValueError(f"{len(value)} texts; {MOST_TEXTS} are the most")
        if all(isinstance(each, str) for each in value):
            return tuple(require_encodable(each) for each in value)
        if all(isinstance(each, list) and each and all(map(_is_id, each)) for each in value):
            return tuple(_token_ids(each) for each in value)
    raise ValueError("neither a text, nor a list of texts or of token ids, nor lists of token ids")


def _is_id(value: Any) -> bool:
    return type(value) is int and value >= 0


def _token_ids(ids: list[int]) -> TokenIds:
    if len(ids) > MOST_TOKENS:
        raise ValueError(f"{len(ids)} token ids; {MOST_TOKENS} are the most")
    return tuple(ids)


class EmbeddingsBody(RequestBody):
    """Asks for the vectors of one text or several, given as text or as ids of tokens.

    ``input_type`` is an extension: ``query`` embeds a text as a question, for models that tell
    questions and documents apart.
    """

    input: Annotated[tuple[str | TokenIds, ...], BeforeValidator(as_inputs), WithJsonSchema(_INPUT)]
    model: Text | None = None
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = Field(None, ge=1)
    input_type: Literal["document", "query"] = "document"

    # It says who asks, not what.
    user: str | None = None


class EmbeddingBody(ReplyBody):
    """One vector: numbers, or their little-endian 32-bit form in base64."""

    object: Literal["embedding"] = "embedding"
    index: int
    embedding: list[float] | str


class EmbeddingUsage(ReplyBody):
    """Tokens of all texts; 0 where another server embeds them."""

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
