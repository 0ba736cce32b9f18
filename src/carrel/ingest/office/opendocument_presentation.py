"""Reader of OpenDocument presentations, slide by slide."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from carrel.core.documents import Section
from carrel.ingest.archives.properties import after_properties
from carrel.ingest.failures import checked_sections
from carrel.ingest.office.opendocument import (
    STYLE,
    ScriptStyles,
    blocks,
    content_events,
    forget,
    line_of,
    qualified,
)
from carrel.ingest.text.blocks import heading_line
from carrel.ingest.text.cleaning import squeeze_blank_lines

_SLIDES, _SLIDE = qualified("office:presentation"), qualified("draw:page")
_NOTES = qualified("presentation:notes")
_ROLE = qualified("presentation:class")
_ON_EVERY_SLIDE = frozenset(("header", "footer", "date-time", "page-number"))


class OpenDocumentPresentationReader:
    """Reads ODP: one section per slide, ``page`` is its number and ``heading`` its title.

    The text contains the shapes in order, groups and tables included, and then the speaker's notes
    after the line ``Notes:``. Footers and slide numbers are skipped.
    """

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        """Yield the slides that have text."""
        yield from after_properties(path, _sections(path))


def _sections(path: Path) -> Iterator[Section]:
    number = 0
    scripts = ScriptStyles()
    with closing(content_events(path)) as events:
        for event, element in events:
            if event == "end" and element.tag == STYLE:
                scripts.take(element)
            elif event == "end" and _is_slide(element):
                number += 1
                text = squeeze_blank_lines("\n".join(_slide_lines(element, scripts)))
                yield Section(text, page=number, heading=_title(element))
                forget(element)


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
