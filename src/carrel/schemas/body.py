"""Base classes: requests are validated strictly, replies may have unknown keys."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


def require_encodable(text: str) -> str:
    """Return the text.

    Raises:
        ValueError: it contains an unpaired surrogate, which JSON can write but UTF-8 cannot.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("the text holds an unpaired surrogate, which is no character") from error
    return text


Text = Annotated[str, AfterValidator(require_encodable)]
"""Text that can be stored, tokenized and sent."""


class RequestBody(BaseModel):
    """A request. Unknown keys are refused, and ``"5"`` is not a number."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, protected_namespaces=()
    )


class ReplyBody(BaseModel):
    """A reply. Clients ignore keys that a newer server adds."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())
