"""Restrictions of JSON schemas, besides those of the grammar library."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from carrel.core.errors import InvalidRequest, UnsupportedParameter

LONGEST_SCHEMA = 60_000
"""Maximum characters of JSON. Schemas of this size compile in about a second."""

LARGEST_NUMBER = 2**53
"""Beyond it, neither JSON parsers nor the grammar library distinguish all integers."""

LARGEST_MULTIPLE = 10_000
"""The grammar of ``multipleOf`` has as many states as the number has remainders."""

NAMED_SCHEMAS = frozenset({"properties", "patternProperties", "$defs", "definitions"})
DATA = frozenset({"const", "enum", "default", "examples"})
NUMBERS = (
    "const",
    "enum",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
)


def schema_text(schema: Mapping[str, Any]) -> str:
    """Return the schema as JSON; the order of its keys is that of the answer.

    Raises:
        InvalidRequest: it is not JSON, or too large.
        UnsupportedParameter: it has something that the grammar would not enforce; the message
        names the keyword.
    """
    try:
        text = json.dumps(schema, allow_nan=False)
        if len(text) > LONGEST_SCHEMA:
            raise InvalidRequest(
                f"The schema of response_format has {len(text)} characters: the maximum is "
                f"{LONGEST_SCHEMA}."
            )
        _refuse_unkept(schema)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidRequest(f"The schema of response_format is not JSON: {error}.") from error
    return text


def _refuse_unkept(schema: Mapping[str, Any]) -> None:
    multiples: list[float] = []
    for each in _subschemas(schema):
        if "x-guidance" in each:
            raise _refusal("x-guidance", "is not a keyword of JSON Schema")
        if isinstance(each.get("items"), list):
            raise _refusal("items", "with a list is an older draft's: write prefixItems")
        fewest = each.get("minProperties")
        if isinstance(fewest, int) and fewest > 1:
            raise _refusal("minProperties", "above 1 is not supported: write required")
        for keyword in NUMBERS:
            if any(abs(number) > LARGEST_NUMBER for number in _numbers(each.get(keyword))):
                raise _refusal(keyword, f"holds a number beyond {LARGEST_NUMBER}")
        multiples += _numbers(each.get("multipleOf"))
    if _common_multiple(multiples) > LARGEST_MULTIPLE:
        raise _refusal(
            "multipleOf", f"has numbers whose common multiple is above {LARGEST_MULTIPLE}"
        )


def _refusal(keyword: str, problem: str) -> UnsupportedParameter:
    return UnsupportedParameter(f"'{keyword}' in the schema of response_format {problem}.")


def _subschemas(schema: Any) -> Iterator[Mapping[str, Any]]:
    """Yield a schema and all its subschemas, without the data that it lists."""
    if not isinstance(schema, Mapping):
        return
    yield schema
    for keyword, value in schema.items():
        if keyword in DATA:
            continue
        if keyword in NAMED_SCHEMAS and isinstance(value, Mapping):
            value = list(value.values())
        for each in value if isinstance(value, list) else [value]:
            yield from _subschemas(each)


def _numbers(value: Any) -> Iterator[float]:
    """Yield every number in a value."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _numbers(each)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield value


def _common_multiple(numbers: list[float]) -> int:
    """Return the least common multiple, without decimal places: powers of ten cost nothing."""
    if not any(numbers):
        return 1
    exact = [Decimal(str(number)) for number in numbers if number]
    places = max(0, *(-int(number.as_tuple().exponent) for number in exact))
    common = math.lcm(*(int(number.scaleb(places)) for number in exact))
    while common % 10 == 0:
        common //= 10
    return common
