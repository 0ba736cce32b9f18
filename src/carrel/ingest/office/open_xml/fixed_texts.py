"""Texts that layouts and masters of slides show, such as the name of a company."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pptx.shapes.group import GroupShape
from pptx.slide import Slide

from carrel.ingest.office.open_xml.slide_text import frame_text
from carrel.ingest.text.cleaning import one_line

_OFF = frozenset(("0", "false", "off"))
_LABEL = "On slides like this:"


class FixedTexts:
    """Gives the texts of each layout and each master with the first slide that shows them."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def first_seen_on(self, slide: Slide) -> Iterator[str]:
        """Yield the texts that this slide is the first to show, on a line each."""
        layout = slide.slide_layout
        holders: list[Any] = []
        # The master of a slide is hidden by the slide, or by its layout.
        if slide._element.get("showMasterSp") not in _OFF:
            holders.append(layout)
            if layout._element.get("showMasterSp") not in _OFF:
                holders.append(layout.slide_master)
        for holder in holders:
            if holder.part.partname in self._seen:
                continue
            self._seen.add(holder.part.partname)
            for text in _texts(holder.shapes):
                if text not in self._seen:
                    self._seen.add(text)
                    yield f"{_LABEL} {text}"


def _texts(shapes: Any) -> Iterator[str]:
    """Yield the texts of shapes; placeholders show theirs only in the editor."""
    for shape in shapes:
        if isinstance(shape, GroupShape):
            yield from _texts(shape.shapes)
        elif not shape.is_placeholder and shape.has_text_frame:
            text = one_line(frame_text(shape.text_frame))
            yield from [text] if text else []
