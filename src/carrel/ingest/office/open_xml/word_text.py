"""Text of a Word paragraph, and what is attached to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from docx.oxml.ns import qn

from carrel.ingest.office.open_xml.drawings import CHART_REFERENCES, DIAGRAM_REFERENCE
from carrel.ingest.office.open_xml.equations import EQUATION, equation_text
from carrel.ingest.office.open_xml.packages import ALTERNATIVES, COMPATIBILITY, chosen_alternative
from carrel.ingest.office.open_xml.symbols import symbol_text
from carrel.ingest.text.raised import lowered, raised

PARAGRAPH, TABLE, TEXT_BOX = qn("w:p"), qn("w:tbl"), qn("w:txbxContent")
FOOTNOTE, ENDNOTE = qn("w:footnoteReference"), qn("w:endnoteReference")
COMMENT, DRAWING = qn("w:commentReference"), qn("wp:docPr")

# Deleted or moved text, and properties, among which tab stops are named like characters.
LEFT_OUT = frozenset(map(qn, ("w:del", "w:moveFrom", "w:pPr", "w:rPr", "w:sectPr", "w:sdtPr")))
_FALLBACK = f"{{{COMPATIBILITY}}}Fallback"
ASIDES = frozenset((TEXT_BOX, FOOTNOTE, ENDNOTE, COMMENT, DRAWING, DIAGRAM_REFERENCE)).union(
    CHART_REFERENCES
)
"""Elements that are read behind their paragraph."""

_TEXT, _SYMBOL, _FIELD, _RUBY = qn("w:t"), qn("w:sym"), qn("w:fldChar"), qn("w:ruby")
_SPACES = {
    qn("w:tab"): "\t",
    qn("w:ptab"): "\t",
    qn("w:br"): "\n",
    qn("w:cr"): "\n",
    qn("w:noBreakHyphen"): "-",
}
_VML = "urn:schemas-microsoft-com:vml"
_WORD_ART, _SHAPES = f"{{{_VML}}}textpath", frozenset((f"{{{_VML}}}shape", f"{{{_VML}}}rect"))
_VALUE = qn("w:val")
_ON = ("1", "true", "on")
_TICKED, _NOT_TICKED = "☒", "☐"
_RUN, _RUN_PROPERTIES, _ALIGN = qn("w:r"), qn("w:rPr"), qn("w:vertAlign")
_SCRIPTS = {"superscript": raised, "subscript": lowered}


def paragraph_text(parent: Any, asides: list[Any]) -> str:
    """Return the text; elements of ``ASIDES`` are appended to ``asides``, as is VML with ``alt``.

    Tracked deletions are left out, and of alternatives one is read. Superscripts and subscripts are
    marked for ``plain_scripts``.
    """
    parts = []
    for child in parent:
        tag = child.tag
        if tag == _TEXT:
            parts.append(child.text or "")
        elif tag in _SPACES:
            parts.append(_SPACES[tag])
        elif tag in _READERS:
            parts.append(_READERS[tag](child, asides))
        elif tag in ASIDES:
            asides.append(child)
        elif tag not in LEFT_OUT and tag != _FALLBACK and isinstance(tag, str):
            if tag in _SHAPES and child.get("alt"):
                asides.append(child)
            parts.append(paragraph_text(child, asides))
    return "".join(parts)


def _run(element: Any, asides: list[Any]) -> str:
    text = paragraph_text(element, asides)
    properties = element.find(_RUN_PROPERTIES)
    align = None if properties is None else properties.find(_ALIGN)
    script = None if align is None else _SCRIPTS.get(align.get(_VALUE, ""))
    return script(text) if script and text.strip() else text


def _symbol(element: Any, _: list[Any]) -> str:
    return symbol_text(element.get(qn("w:font"), ""), element.get(qn("w:char"), ""))


def _equation(element: Any, _: list[Any]) -> str:
    return equation_text(element)


def _alternative(element: Any, asides: list[Any]) -> str:
    chosen = chosen_alternative(element)
    return "" if chosen is None else paragraph_text(chosen, asides)


def _ruby(element: Any, asides: list[Any]) -> str:
    """Return the characters, and how they are read in parentheses."""
    base, reading = element.find(qn("w:rubyBase")), element.find(qn("w:rt"))
    text = "" if base is None else paragraph_text(base, asides)
    spoken = "" if reading is None else paragraph_text(reading, asides).strip()
    return f"{text}({spoken})" if spoken else text


def _form_field(element: Any, _: list[Any]) -> str:
    """Return what a field of a form shows, if its value is among its properties (17.16)."""
    box = element.find(f"{qn('w:ffData')}/{qn('w:checkBox')}")
    if box is not None:
        state = box.find(qn("w:checked"))
        state = box.find(qn("w:default")) if state is None else state
        is_ticked = state is not None and state.get(_VALUE, "1") in _ON
        return _TICKED if is_ticked else _NOT_TICKED
    choices = element.find(f"{qn('w:ffData')}/{qn('w:ddList')}")
    if choices is None:
        return ""
    entries = [each.get(_VALUE, "") for each in choices.iterchildren(qn("w:listEntry"))]
    result = choices.find(qn("w:result"))
    result = choices.find(qn("w:default")) if result is None else result
    index = "0" if result is None else result.get(_VALUE, "0")
    return entries[int(index)] if index.isdecimal() and int(index) < len(entries) else ""


def _word_art(element: Any, _: list[Any]) -> str:
    return str(element.get("string", ""))


_READERS: dict[str, Callable[[Any, list[Any]], str]] = {
    _RUN: _run,
    _SYMBOL: _symbol,
    EQUATION: _equation,
    ALTERNATIVES: _alternative,
    _RUBY: _ruby,
    _FIELD: _form_field,
    _WORD_ART: _word_art,
}
