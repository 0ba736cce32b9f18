"""Conditions of a question that no plan applies: such a question is not computed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from carrel.services.tables.row_text import Row
from carrel.services.text.terms import terms

_NEVER = re.compile(
    r"\b(not|no (more|less|fewer) than|without|except|excluding|other than|neither|median"
    r"|(second|third|fourth|fifth|2nd|3rd|\dth)[ -](\w+est|most|least))\b|n['’]t\b",
    re.IGNORECASE,
)


def has_unplanned_part(question: str) -> bool:
    """Whether a question negates or ranks in a way that no plan applies."""
    return _NEVER.search(question) is not None


def names_unclear_rows(asked: frozenset[str], rows: Sequence[Row]) -> bool:
    """Whether a question has words of the rows' values, and not one whole value.

    "The Herons" may be some of the rows: a total of all of them is another answer.
    """
    cells = [cell for row in rows for cell in row.cells]
    heads = {term for cell in cells for term in terms(cell.head)}
    values = {term for cell in cells for term in terms(cell.text)}
    return bool((asked & values) - heads)
