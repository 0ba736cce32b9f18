"""Reader of OpenDocument presentations, slide by slide."""

from __future__ import annotations

import zipfile
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any

from carrel.core.documents import Section
from carrel.ingest.archives.package import part_root
from carrel.ingest.archives.properties import after_properties
from carrel.ingest.failures import checked_sections
from carrel.ingest.office.opendocument import (
    STYLE,
    STYLE_NAME,
    ScriptStyles,
    blocks,
    content_events,
    forget,
    line_of,
    qualified,
)
from carrel.ingest.office.opendocument_parts import MOST_PART_BYTES
from carrel.ingest.text.blocks import heading_line
from carrel.ingest.text.cleaning import one_line, squeeze_blank_lines

_SLIDES, _SLIDE = qualified("office:presentation"), qualified("draw:page")
_NOTES = qualified("presentation:notes")
_ROLE = qualified("presentation:class")
_PLACEHOLDER = qualified("presentation:placeholder")
_MASTER, _USED_MASTER = qualified("style:master-page"), qualified("draw:master-page-name")
_FOOTER, _FOOTER_NAME = qualified("presentation:footer-decl"), qualified("presentation:name")
_USED_FOOTER = qualified("presentation:use-footer-name")
_ON_EVERY_SLIDE = frozenset(("header", "footer", "date-time", "page-number"))


class OpenDocumentPresentationReader:
    """Reads ODP: one section per slide, ``page`` is its number and ``heading`` its title.

    The text contains the shapes in order, groups and tables included, and then the speaker's notes
    after the line ``Notes:``. What masters and footers show on many slides is with the first of
    them, after ``On slides like this:``. Slide numbers are skipped.
    """

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        """Yield the slides that have text."""
        yield from after_properties(path, _sections(path))


def _sections(path: Path) -> Iterator[Section]:
    number = 0
    scripts, fixed = ScriptStyles(), _FixedTexts(path)
    with closing(content_events(path)) as events:
        for event, element in events:
            if event == "end" and element.tag == STYLE:
                scripts.take(element)
            elif event == "end" and element.tag == _FOOTER:
                fixed.take_footer(element)
            elif event == "end" and _is_slide(element):
                number += 1
                lines = chain(_slide_lines(element, scripts), fixed.first_seen_on(element))
                text = squeeze_blank_lines("\n".join(lines))
                yield Section(text, page=number, heading=_title(element))
                forget(element)


class _FixedTexts:
    """Gives the texts of each master, and each footer, with the first slide that shows them."""

    def __init__(self, path: Path) -> None:
        self._footers: dict[str, str] = {}
        self._masters: dict[str, list[str]] = {}
        self._seen: set[str] = set()
        with zipfile.ZipFile(path) as archive:
            styles = part_root(archive, "styles.xml", MOST_PART_BYTES)
        for master in () if styles is None else styles.iter(_MASTER):
            shapes = [each for each in master if _is_shown(each)]
            self._masters[master.get(STYLE_NAME, "")] = [line_of(each) for each in shapes]

    def take_footer(self, declaration: Any) -> None:
        """Take the text of a footer that slides use by its name."""
        name = declaration.get(_FOOTER_NAME, "")
        self._footers[name] = one_line("".join(declaration.itertext()))

    def first_seen_on(self, slide: Any) -> Iterator[str]:
        """Yield the texts that this slide is the first to show, on a line each."""
        footer = self._footers.get(slide.get(_USED_FOOTER, ""), "")
        for text in (*self._masters.get(slide.get(_USED_MASTER, ""), ()), footer):
            if text and text not in self._seen:
                self._seen.add(text)
                yield f"On slides like this: {text}"


def _is_shown(shape: Any) -> bool:
    """Whether slides show a shape of their master as it is: no placeholder, date or number."""
    role = shape.get(_ROLE)
    return (
        shape.tag != _NOTES
        and shape.get(_PLACEHOLDER) != "true"
        and role not in ("title", "outline", "subtitle", "date-time", "page-number")
    )


def _is_slide(element: Any) -> bool:
    parent = element.getparent()
    return element.tag == _SLIDE and parent is not None and parent.tag == _SLIDES


def _title(slide: Any) -> str | None:
    for shape in slide:
        if shape.get(_ROLE) == "title":
            return heading_line(line_of(shape))
    return None


def _slide_lines(slide: Any, scripts: ScriptStyles) -> Iterator[str]:
    yield from _shape_lines((shape for shape in slide if shape.tag != _NOTES), scripts)
    for notes in slide.iterchildren(_NOTES):
        text = "\n".join(line for line in _shape_lines(notes, scripts) if line)
        if text:
            yield f"Notes:\n{text}"


def _shape_lines(shapes: Iterable[Any], scripts: ScriptStyles) -> Iterator[str]:
    for shape in shapes:
        if shape.get(_ROLE) not in _ON_EVERY_SLIDE:
            yield from (block.text for block in blocks(shape, scripts=scripts))
