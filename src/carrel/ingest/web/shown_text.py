"""Text that a page shows for elements whose content is none: formulas, drawings, form fields."""

from __future__ import annotations

from typing import Any

from carrel.ingest.text.cleaning import one_line
from carrel.ingest.text.list_numbers import list_number
from carrel.ingest.web.mathml import formula_text

REPLACED = frozenset(("math", "svg", "select", "input", "img", "area"))
"""Elements that ``shown_text`` reads whole."""

_TICKED, _NOT_TICKED = "☑", "☐"
_TICKS = frozenset(("checkbox", "radio"))
# What is typed here is not shown, or a picture is shown whose text is its alternative.
_VALUELESS = frozenset(("hidden", "password", "file", "image", "color", "range"))
_DRAWN_WORDS = ("text", "title", "desc")
_LIST_KINDS = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}


def shown_text(element: Any) -> str:
    """Return what a reader sees in place of an element of ``REPLACED``, with spaces around."""
    tag = element.tag
    if tag == "math":
        text = formula_text(element) or element.get("alttext", "")
    elif tag == "svg":
        text = _drawn_words(element)
    elif tag == "select":
        text = ", ".join(_chosen_options(element))
    elif tag == "input":
        text = _field_value(element)
    else:
        text = element.get("alt", "")
    text = one_line(text)
    return f" {text} " if text else ""


class ListNumbers:
    """Numbers the items of the open ordered lists."""

    def __init__(self) -> None:
        self._lists: list[tuple[Any, int, str]] = []

    def begin(self, element: Any) -> str:
        """Take the start of a list or item; return the item's number, empty if it has none."""
        if element.tag == "ol":
            kind = _LIST_KINDS.get(element.get("type", ""), "decimal")
            self._lists.append((element, _number(element.get("start"), 1), kind))
            return ""
        if element.tag != "li" or not self._lists or element.getparent() is not self._lists[-1][0]:
            return ""
        parent, following, kind = self._lists[-1]
        number = _number(element.get("value"), following)
        step = -1 if parent.get("reversed") is not None else 1
        self._lists[-1] = (parent, number + step, kind)
        is_plain = "list-style" in parent.get("style", "")
        return "" if is_plain else f"{list_number(number, kind)}. "

    def end(self, element: Any) -> None:
        """Take the end of an element."""
        if element.tag == "ol" and self._lists:
            self._lists.pop()


def _number(value: str | None, default: int) -> int:
    digits = (value or "").strip()
    return int(digits) if digits.lstrip("-").isdecimal() and len(digits) < 10 else default


def _drawn_words(drawing: Any) -> str:
    words = drawing.iter(*_DRAWN_WORDS)
    return " ".join(
        "".join(each.itertext())
        for each in words
        if next(each.iterancestors(*_DRAWN_WORDS), None) is None
    )


def _chosen_options(field: Any) -> list[str]:
    """Return the chosen options; a list that shows one line begins with its first."""
    options = list(field.iter("option"))
    chosen = [each for each in options if each.get("selected") is not None]
    if not chosen and field.get("multiple") is None:
        chosen = options[:1]
    return [one_line(each.get("label") or "".join(each.itertext())) for each in chosen]


def _field_value(field: Any) -> str:
    kind = field.get("type", "text").lower()
    if kind in _TICKS:
        return _TICKED if field.get("checked") is not None else _NOT_TICKED
    if kind == "image":
        return str(field.get("alt", ""))
    if kind in _VALUELESS:
        return ""
    return str(field.get("value") or field.get("placeholder", ""))
