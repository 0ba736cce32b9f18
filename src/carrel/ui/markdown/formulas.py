r"""Renders LaTeX formulas as MathML, which browsers support.

The library writes text of the model into elements and attributes, so its tree is serialised here:
only allowed elements and attributes, each text escaped. An unsupported formula stays plain text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from html import escape, unescape
from xml.etree.ElementTree import Element

from latex2mathml.converter import Converter

from carrel.ui.markdown.marks import without_marks

LONGEST_FORMULA = 2_000
"""Characters."""
DEEPEST = 40
"""Maximum nesting of elements and braces."""
_LONGEST_INLINE = 48
_MOST_ELEMENTS = 3_000
_KEPT = 256
_ELEMENTS = {
    "math", "menclose", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover", "mpadded",
    "mphantom", "mprescripts", "mroot", "mrow", "mspace", "msqrt", "mstyle", "msub", "msubsup",
    "msup", "mtable", "mtd", "mtext", "mtr", "munder", "munderover",
}  # fmt: skip
_WORD = re.compile(r"[a-z]{1,20}(?: [a-z]{1,20}){0,40}|[0-9]{1,2}")
# Larger or negative spaces could be drawn over the rest of the page.
_LENGTH = re.compile(r"\+?(?:[0-9]|[0-9]?\.[0-9]{1,6})(?:em|ex|px|pt|mu)?|-0?\.[0-2][0-9]{0,5}em")
_WORDS = (
    "accent", "columnalign", "columnlines", "displaystyle", "fence", "form", "largeop",
    "mathvariant", "movablelimits", "notation", "rowlines", "scriptlevel", "separator", "stretchy",
    "symmetric",
)  # fmt: skip
_LENGTHS = (
    "depth", "height", "linethickness", "lspace", "maxsize", "minsize", "rspace", "width",
)  # fmt: skip
_ATTRIBUTES = dict.fromkeys(_WORDS, _WORD) | dict.fromkeys(_LENGTHS, _LENGTH)
# Macros may expand each other: a short text could become an endless one.
_REFUSED = re.compile(r"\\(?:(?:re)?new|provide)command|\\[egx]?def\b|\\let\b")
_UNKNOWN = re.compile(r"\\[A-Za-z]")
_REFERENCE = re.compile("&#x[0-9A-Fa-f]{1,6};")


class NoFormula(Exception):
    """The text is not a supported formula."""


def inline_formula(latex: str, written: str) -> str:
    """Return an inline formula; ``written`` is its source with delimiters."""
    drawn = _mathml(latex.strip(), "inline")
    if drawn is None:
        return _source(written)
    if len(latex) <= _LONGEST_INLINE:
        return drawn
    return f'<span class="formula-long" {_SCROLLED}>{drawn}</span>'


def displayed_formula(latex: str, written: str, element: str) -> str:
    """Return a display formula, in an element ``div`` or ``span``."""
    drawn = _mathml(latex.strip(), "block")
    if drawn is None:
        return f"<p>{_source(written)}</p>" if element == "div" else _source(written)
    return f'<{element} class="formula" {_SCROLLED}>{drawn}</{element}>'


_SCROLLED = 'tabindex="0" role="group" aria-label="Formula"'


def _source(written: str) -> str:
    return f'<code class="formula-source">{escape(written)}</code>'


@lru_cache(maxsize=_KEPT)
def _mathml(latex: str, display: str) -> str | None:
    if not latex or len(latex) > LONGEST_FORMULA or _REFUSED.search(latex) or _is_deep(latex):
        return None
    try:
        tree = Converter(display=display).convert_to_element(latex)
        return "".join(_written(tree, 0, [0]))
    except Exception:  # noqa: BLE001 - the library fails in many ways on what is no LaTeX
        return None


def _is_deep(latex: str) -> bool:
    depth = deepest = 0
    for each in latex:
        depth += (each == "{") - (each == "}")
        deepest = max(deepest, depth)
    return deepest > DEEPEST


def _written(element: Element, depth: int, count: list[int]) -> Iterator[str]:
    """Yield the element as HTML; ``count`` is the number of elements so far."""
    count[0] += 1
    if element.tag not in _ELEMENTS or depth > DEEPEST or count[0] > _MOST_ELEMENTS:
        raise NoFormula
    text = without_marks(_REFERENCE.sub(lambda found: unescape(found[0]), element.text or ""))
    if element.tag != "mtext" and _UNKNOWN.search(text):
        raise NoFormula
    yield f"<{element.tag}{_attributes(element)}>{escape(text)}"
    for child in element:
        yield from _written(child, depth + 1, count)
    yield f"</{element.tag}>"


def _attributes(element: Element) -> str:
    if element.tag == "math":
        return ' display="block"' if element.get("display") == "block" else ""
    return "".join(
        f' {name}="{value}"'
        for name, value in element.attrib.items()
        if name in _ATTRIBUTES and _ATTRIBUTES[name].fullmatch(value)
    )
