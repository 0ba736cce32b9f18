"""One text or several, as text or as token ids: the four forms that OpenAI accepts."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from carrel.schemas.body import require_encodable

MOST_TEXTS = 2048
MOST_TOKENS = 300_000

_IS_TOKEN_ID = {"type": "integer", "minimum": 0}
_TEXT = {"type": "string"}
_IDS = {"type": "array", "items": _IS_TOKEN_ID, "minItems": 1, "maxItems": MOST_TOKENS}
_SCHEMA = {
    "anyOf": [
        _TEXT,
        _IDS,
        {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": MOST_TEXTS},
        {"type": "array", "items": _IDS, "minItems": 1, "maxItems": MOST_TEXTS},
    ],
    "examples": ["The library is open until six.", ["one text", "another"]],
}

TokenIds = tuple[int, ...]


def as_inputs(value: Any) -> tuple[str | TokenIds, ...]:
    """Return the texts of one of the four input forms, each as a text or as token ids.

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


Texts = Annotated[tuple[str | TokenIds, ...], BeforeValidator(as_inputs), WithJsonSchema(_SCHEMA)]
