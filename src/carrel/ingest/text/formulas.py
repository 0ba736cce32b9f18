"""Formulas as one line of text, as UnicodeMath writes them (Unicode Technical Note 28)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from carrel.ingest.text.cleaning import one_line

# One symbol, number or name, or something that is in parentheses already.
_ATOM = re.compile(r"[^\W\d_](?:[\u0300-\u036f])*|[\d.,]+|\w+|[√∑∏∫∞]|\([^()]*\)")
_ROOT_SIGNS = {"2": "√", "3": "∛", "4": "∜"}


def group(text: str) -> str:
    """Return an operand, in parentheses unless it is one symbol."""
    text = one_line(text)
    return text if not text or _ATOM.fullmatch(text) else f"({text})"


def fraction(numerator: str, denominator: str, linear: bool = True) -> str:
    """Return ``a/b``; without ``linear`` one above the other, as a binomial is."""
    return f"{group(numerator)}{'/' if linear else '¦'}{group(denominator)}"


def scripts(base: str, below: str = "", above: str = "") -> str:
    """Return a base with what is below or subscript, and what is above or superscript."""
    text = one_line(base)
    if below.strip():
        text += f"_{group(below)}"
    if above.strip():
        text += f"^{group(above)}"
    return text


def root(radicand: str, degree: str = "") -> str:
    """Return ``√(x)``, with a degree ``∛`` or ``√(n&x)``."""
    degree = one_line(degree)
    if not degree or degree in _ROOT_SIGNS:
        return f"{_ROOT_SIGNS.get(degree, '√')}{group(radicand)}"
    return f"√({degree}&{one_line(radicand)})"


def matrix(rows: Sequence[Sequence[str]]) -> str:
    """Return cells between ``&``, rows between ``@``."""
    return f"■({'@'.join('&'.join(map(one_line, row)) for row in rows)})"
