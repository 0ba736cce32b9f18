"""The two kinds of body: what a client sends is checked strictly, what it gets may grow."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


def require_encodable(text: str) -> str:
    """Return the text.

    Raises:
        ValueError: it holds half of a surrogate pair, which JSON can write and UTF-8 cannot.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("the text holds an unpaired surrogate, which is no character") from error
    return text


Text = Annotated[str, AfterValidator(require_encodable)]
"""Text that can be stored, tokenized and sent."""


class RequestBody(BaseModel):
    """What a client sends. Unknown keys are refused, and ``"5"`` is not a number."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, protected_namespaces=()
    )


class ReplyBody(BaseModel):
    """What the server answers. A client passes over keys that a newer server adds."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())
