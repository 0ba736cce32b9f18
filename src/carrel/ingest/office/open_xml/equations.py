"""Equations in Office Math Markup (ECMA-376, part 1, 22.1), as one line of text."""

from __future__ import annotations

from typing import Any

from carrel.ingest.text.formulas import fraction, group, matrix, root, scripts

MATH = "http://schemas.openxmlformats.org/officeDocument/2006/math"
EQUATION = f"{{{MATH}}}oMath"

_MOST_DEPTH = 100
_SUM = "∫"
# Where Word draws an accent or a bar, Unicode has a character that combines.
_HAT, _OVERLINE = "\u0302", "\u0305"
_SCRIPTS = frozenset(("sSub", "sSup", "sSubSup"))


def equation_text(element: Any, depth: int = 0) -> str:
    """Return an equation as UnicodeMath, without its properties and deleted parts."""
    if not isinstance(element.tag, str) or depth > _MOST_DEPTH:
        return ""
    name = element.tag.rpartition("}")[2]
    if name == "t":
        return element.text or ""
    if name.endswith("Pr") or name in ("del", "moveFrom", "instrText", "delText"):
        return ""

    def part(tag: str) -> str:
        child = element.find(f"{{{MATH}}}{tag}")
        return "" if child is None else equation_text(child, depth + 1)

    if name in _SCRIPTS:
        return scripts(part("e"), part("sub"), part("sup"))
    if name == "f":
        return fraction(part("num"), part("den"), linear=_property(element, "type") != "noBar")
    if name == "rad":
        return root(part("e"), part("deg"))
    if name == "sPre":
        return f"{scripts('', part('sub'), part('sup'))} {part('e')}"
    if name == "nary":
        sign = _property(element, "chr") or _SUM
        return f"{scripts(sign, part('sub'), part('sup'))} {group(part('e'))}"
    if name in ("limLow", "limUpp"):
        limit = part("lim")
        return scripts(part("e"), *((limit,) if name == "limLow" else ("", limit)))
    if name == "acc":
        return group(part("e")) + (_property(element, "chr") or _HAT)
    if name == "bar":
        return group(part("e")) + _OVERLINE
    if name == "func":
        return f"{part('fName')} {group(part('e'))}"
    return _sequence(element, name, depth)


def _sequence(element: Any, name: str, depth: int) -> str:
    parts = [equation_text(child, depth + 1) for child in element]
    if name == "d":
        separator = _property(element, "sepChr") or "|"
        begin, end = _property(element, "begChr", "("), _property(element, "endChr", ")")
        return f"{begin}{separator.join(part for part in parts if part)}{end}"
    if name == "mr":
        return "&".join(part for part in parts)
    if name in ("m", "eqArr"):
        return matrix([[part] for part in parts if part])
    return "".join(parts)


def _property(element: Any, name: str, default: str = "") -> str:
    """Return the value of a property, such as the sign of a sum."""
    kind = element.tag.rpartition("}")[2]
    found = element.find(f"{{{MATH}}}{kind}Pr/{{{MATH}}}{name}")
    return default if found is None else found.get(f"{{{MATH}}}val", default)
