"""Numbers that Word counts for headings, clauses and lists (ECMA-376, part 1, 17.9)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from docx.oxml.ns import qn

from carrel.ingest.text.list_numbers import list_number

_LEVELS = 9
_PROPERTIES, _NUMBER = qn("w:pPr"), qn("w:numPr")
_NUMBER_ID, _NUMBER_LEVEL, _STYLE = qn("w:numId"), qn("w:ilvl"), qn("w:pStyle")
_PLACE = re.compile(r"%([1-9])")
_VALUE = qn("w:val")
_OFF = frozenset(("0", "false", "off"))


@dataclass(slots=True)
class _Level:
    kind: str = "decimal"
    text: str = ""
    start: int = 1
    style: str = ""
    is_legal: bool = False
    # Restarts after a level of this number or a higher one; 0 is never.
    restart: int | None = None


@dataclass(slots=True)
class _List:
    """An abstract numbering: its levels, and the numbers last given."""

    levels: dict[int, _Level] = field(default_factory=dict)
    linked_style: str = ""
    numbers: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Instance:
    """A list of a document: which numbering it uses, and where it begins otherwise."""

    abstract: str
    starts: dict[int, int] = field(default_factory=dict)
    levels: dict[int, _Level] = field(default_factory=dict)
    is_begun: bool = False


class WordNumbering:
    """Counts the numbered paragraphs of a document, which must be taken in order."""

    def __init__(self, numbering: Any, styles: Any) -> None:
        """Take the roots of the numbering part and of the styles; each may be None."""
        self._lists: dict[str, _List] = {}
        self._instances: dict[str, _Instance] = {}
        self._styles: dict[str, Any] = {}
        # Lists and levels of styles, once they were looked up.
        self._places: dict[str, tuple[str, int]] = {}
        if numbering is not None:
            self._take_numbering(numbering)
        if styles is not None:
            for style in styles.iterchildren(qn("w:style")):
                self._styles[style.get(qn("w:styleId"), "")] = style

    def label(self, paragraph: Any) -> str:
        """Return the number of a paragraph as it is shown; empty for bullets and others."""
        if not self._instances:
            return ""
        number, level = self._place(paragraph.find(_PROPERTIES))
        instance = self._instances.get(number)
        found = self._list_of(instance)
        if instance is None or found is None:
            return ""
        definition = instance.levels.get(level) or found.levels.get(level)
        if definition is None:
            return ""
        self._begin(instance, found)
        self._count(instance, found, level, definition)
        return self._written(instance, found, level, definition)

    def _take_numbering(self, root: Any) -> None:
        for element in root.iterchildren(qn("w:abstractNum")):
            levels = {
                _integer(each.get(qn("w:ilvl"))): _level(each)
                for each in element.iterchildren(qn("w:lvl"))
            }
            link = _value(element, "w:numStyleLink")
            self._lists[element.get(qn("w:abstractNumId"), "")] = _List(levels, link)
        for element in root.iterchildren(qn("w:num")):
            instance = _Instance(_value(element, "w:abstractNumId"))
            for change in element.iterchildren(qn("w:lvlOverride")):
                level = _integer(change.get(qn("w:ilvl")))
                if start := _value(change, "w:startOverride"):
                    instance.starts[level] = _integer(start)
                if (other := change.find(qn("w:lvl"))) is not None:
                    instance.levels[level] = _level(other)
            self._instances[element.get(qn("w:numId"), "")] = instance

    def _place(self, properties: Any) -> tuple[str, int]:
        """Return the list and the level of a paragraph, from its properties or its style."""
        if properties is None:
            return "", 0
        number, style = properties.find(_NUMBER), properties.find(_STYLE)
        own_id = own_level = ""
        if number is not None:
            own_id, own_level = _attribute(number, _NUMBER_ID), _attribute(number, _NUMBER_LEVEL)
        name = "" if style is None else style.get(_VALUE, "")
        if name not in self._places:
            self._places[name] = self._place_of_style(name)
        style_id, style_level = ("", 0) if own_id else self._places[name]
        return own_id or style_id, _integer(own_level) if own_level else style_level

    def _place_of_style(self, name: str) -> tuple[str, int]:
        first = name
        for _ in range(_LEVELS + 1):
            style = self._styles.get(name)
            if style is None:
                break
            number = style.find(f"{qn('w:pPr')}/{qn('w:numPr')}")
            if number is not None and (found := _value(number, "w:numId")):
                level = _value(number, "w:ilvl")
                return found, _integer(level) if level else self._level_of(found, name, first)
            name = _value(style, "w:basedOn")
        return "", 0

    def _level_of(self, number: str, *styles: str) -> int:
        """Return the level that a list ties to a style."""
        found = self._list_of(self._instances.get(number))
        levels = {} if found is None else found.levels
        return next((each for each, level in levels.items() if level.style in styles), 0)

    def _list_of(self, instance: _Instance | None) -> _List | None:
        if instance is None:
            return None
        found = self._lists.get(instance.abstract)
        if found is None or found.levels or not found.linked_style:
            return found
        style = self._styles.get(found.linked_style)
        number = None if style is None else style.find(f"{qn('w:pPr')}/{qn('w:numPr')}")
        other = None if number is None else self._instances.get(_value(number, "w:numId"))
        return None if other is None else self._lists.get(other.abstract)

    @staticmethod
    def _begin(instance: _Instance, found: _List) -> None:
        """Restart the levels for which the list has other starts, when it is met first."""
        if not instance.is_begun:
            instance.is_begun = True
            for level in instance.starts:
                found.numbers.pop(level, None)

    @staticmethod
    def _count(instance: _Instance, found: _List, level: int, definition: _Level) -> None:
        start = instance.starts.get(level, definition.start)
        found.numbers[level] = found.numbers.get(level, start - 1) + 1
        for deeper in range(level + 1, _LEVELS):
            restart = (found.levels.get(deeper) or _Level()).restart
            if restart is None or level < restart:
                found.numbers.pop(deeper, None)

    @staticmethod
    def _written(instance: _Instance, found: _List, level: int, definition: _Level) -> str:
        if definition.kind == "bullet":
            return ""

        def number(match: re.Match[str]) -> str:
            place = int(match[1]) - 1
            other = instance.levels.get(place) or found.levels.get(place) or _Level()
            start = instance.starts.get(place, other.start)
            kind = "decimal" if definition.is_legal else other.kind
            return list_number(found.numbers.get(place, start), kind)

        return _PLACE.sub(number, definition.text).strip()


def _level(element: Any) -> _Level:
    restart = _value(element, "w:lvlRestart")
    legal = element.find(qn("w:isLgl"))
    return _Level(
        _value(element, "w:numFmt") or "decimal",
        _value(element, "w:lvlText"),
        _integer(_value(element, "w:start") or "0"),
        _value(element, "w:pStyle"),
        legal is not None and legal.get(_VALUE, "1") not in _OFF,
        _integer(restart) if restart else None,
    )


def _value(element: Any, name: str) -> str:
    return _attribute(element, qn(name))


def _attribute(element: Any, name: str) -> str:
    found = element.find(name)
    return "" if found is None else str(found.get(_VALUE, ""))


def _integer(text: str | None) -> int:
    digits = (text or "").strip()
    return int(digits) if digits.isdecimal() and len(digits) < 10 else 0
