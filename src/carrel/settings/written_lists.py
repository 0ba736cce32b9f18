"""Parsing of lists in flags and environment variables."""

from __future__ import annotations

import ast
import json
from typing import Any


def parse_literal(value: Any) -> Any:
    """Parse the text of a list: JSON first, then Python literals; nothing is executed."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        pass
    try:
        return ast.literal_eval(value)
    except (ValueError, SyntaxError) as error:
        raise ValueError("is neither JSON nor a Python literal") from error


def split_commas(value: Any) -> Any:
    """Turn ``a,b`` into ``["a", "b"]``."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value
