"""Text of a frame on a slide: paragraphs with their automatic numbers and equations."""

from __future__ import annotations

import re
from typing import Any

from pptx.oxml.ns import qn

from carrel.ingest.office.open_xml.equations import EQUATION, equation_text
from carrel.ingest.text.cleaning import clean_text
from carrel.ingest.text.list_numbers import list_number
from carrel.ingest.text.raised import lowered, plain_scripts, raised

_RUNS = (qn("a:r"), qn("a:br"), qn("a:fld"))
_PARAGRAPH, _RUN_PROPERTIES = qn("a:p"), qn("a:rPr")
_PROPERTIES, _AUTOMATIC = qn("a:pPr"), qn("a:buAutoNum")
# ST_TextAutonumberScheme (ECMA-376, part 1, 20.1.10.61).
_SCHEME = re.compile(
    r"(arabic|alphaLc|alphaUc|romanLc|romanUc|ea1\w\w\w|thaiNum|hindiNum|\w+?)"
    r"(Db)?(Period|ParenR|ParenBoth|Plain|Minus)"
)
_KINDS = {
    "alphaLc": "lowerLetter",
    "alphaUc": "upperLetter",
    "romanLc": "lowerRoman",
    "romanUc": "upperRoman",
    "ea1Chs": "chineseCounting",
    "ea1Cht": "taiwaneseCounting",
    "ea1Jpn": "japaneseCounting",
    "thaiNum": "thaiNumbers",
    "hindiNum": "hindiNumbers",
}
_MARKS = {"Period": "{}.", "ParenR": "{})", "ParenBoth": "({})", "Plain": "{}", "Minus": "-{}-"}


def frame_text(frame: Any) -> str:
    """Return the text of a text frame of python-pptx, a line per paragraph."""
    counts: dict[int, int] = {}
    lines = []
    # Looked for once: hardly any frame has one.
    is_plain = not any(map(_is_special, frame._txBody.iter(EQUATION, _RUN_PROPERTIES)))
    for paragraph in frame._txBody.iterchildren(_PARAGRAPH):
        text = paragraph.text if is_plain else _marked_text(paragraph)
        lines.append(_number(paragraph, counts) + text if text.strip() else text)
    return plain_scripts(clean_text("\n".join(lines)))


def _is_special(element: Any) -> bool:
    """Whether an element is an equation, or the properties of a raised or lowered run."""
    return element.tag == EQUATION or element.get("baseline") is not None


def _marked_text(element: Any) -> str:
    """Return the text with equations; raised and lowered runs are marked (21.1.2.3.9)."""
    parts = []
    for child in element:
        if child.tag not in _RUNS:
            parts += [equation_text(each) for each in child.iter(EQUATION)]
            continue
        text = child.text
        properties = child.find(_RUN_PROPERTIES)
        offset = "0" if properties is None else properties.get("baseline", "0")
        if text.strip() and offset.strip("0%"):
            text = lowered(text) if offset.startswith("-") else raised(text)
        parts.append(text)
    return "".join(parts)


def _number(paragraph: Any, counts: dict[int, int]) -> str:
    """Return the number of a paragraph; deeper levels begin again after it."""
    properties = paragraph.find(_PROPERTIES)
    level = int(properties.get("lvl", "0")) if properties is not None else 0
    for deeper in [each for each in counts if each > level]:
        del counts[deeper]
    scheme = None if properties is None else properties.find(_AUTOMATIC)
    match = None if scheme is None else _SCHEME.fullmatch(scheme.get("type", ""))
    if scheme is None or match is None:
        counts.pop(level, None)
        return ""
    start = int(scheme.get("startAt", "1"))
    counts[level] = counts.get(level, start - 1) + 1
    kind = _KINDS.get(match[1], "decimal")
    return _MARKS[match[3]].format(list_number(counts[level], kind)) + " "
