"""Formulas in MathML Core and in the older presentation elements, as one line of text."""

from __future__ import annotations

from typing import Any

from carrel.ingest.text.cleaning import one_line
from carrel.ingest.text.formulas import fraction, matrix, root, scripts

# Below it the parser of pages stops; formulas end far above.
_MOST_DEPTH = 100
# Alternatives of the formula, and space.
_LEFT_OUT = frozenset(("annotation", "annotation-xml", "mspace", "mphantom", "none", "mprescripts"))
# What these characters join is written without them.
_INVISIBLE = dict.fromkeys((0x2061, 0x2062, 0x2063, 0x2064))


def formula_text(element: Any, depth: int = 0) -> str:
    """Return a formula as UnicodeMath; the element's namespace does not matter."""
    if not isinstance(element.tag, str) or depth > _MOST_DEPTH:
        return ""
    name = element.tag.rpartition("}")[2].rpartition(":")[2].lower()
    if name in _LEFT_OUT:
        return ""
    parts = [formula_text(each, depth + 1) for each in element if isinstance(each.tag, str)]
    whole = one_line("".join((element.text or "", *_with_tails(element, parts))))
    return _arranged(name, element, parts, whole.translate(_INVISIBLE))


def _arranged(name: str, element: Any, parts: list[str], whole: str) -> str:
    first, second, third = (*parts, "", "", "")[:3]
    if name == "mfrac":
        return fraction(first, second, linear=element.get("linethickness") not in ("0", "0pt"))
    if name in ("msup", "mover"):
        return scripts(first, above=second)
    if name in ("msub", "munder"):
        return scripts(first, below=second)
    if name in ("msubsup", "munderover"):
        return scripts(first, second, third)
    if name == "msqrt":
        return root(whole)
    if name == "mroot":
        return root(first, second)
    if name == "mfenced":
        marks = (element.get("separators", ",") or ",")[0]
        return f"{element.get('open', '(')}{marks.join(parts)}{element.get('close', ')')}"
    if name in ("mtr", "mlabeledtr"):
        return "&".join(parts)
    if name == "mtable":
        return matrix([[row] for row in parts])
    if name == "mtext":
        return f" {whole} "
    return whole


def _with_tails(element: Any, parts: list[str]) -> list[str]:
    """Return the parts with the text behind their elements, which pages without MathML have."""
    children = [each for each in element if isinstance(each.tag, str)]
    return [part + (each.tail or "").strip() for part, each in zip(parts, children, strict=True)]
