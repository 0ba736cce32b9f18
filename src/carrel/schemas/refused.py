"""Validation errors of options that are known but not supported."""

from __future__ import annotations

from typing import Any

from pydantic import AfterValidator, ValidationInfo
from pydantic_core import PydanticCustomError

from carrel.core.errors import CarrelError, UnsupportedParameter


def refusal(message: str, **context: Any) -> PydanticCustomError:
    """Return the validation error that the API reports as ``unsupported_parameter``."""
    return PydanticCustomError(UnsupportedParameter.code, message, context)


def as_refusal(error: CarrelError) -> PydanticCustomError:
    """Return the validation error that the API reports with the code of ``error``."""
    return PydanticCustomError(error.code, "{reason}", {"reason": str(error)})


def unless(*harmless: Any) -> AfterValidator:
    """Return a validator that refuses every value but null and those without effect.

    Accepted values become None. The type counts: True is not 1.
    """

    def check(value: Any, info: ValidationInfo) -> None:
        if value is None or any(type(value) is type(each) and value == each for each in harmless):
            return
        raise refusal("'{option}' is not supported with this value.", option=info.field_name)

    return AfterValidator(check)
