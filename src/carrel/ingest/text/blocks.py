"""Groups paragraphs and headings into sections."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from carrel.core.documents import Section
from carrel.ingest.text.cleaning import one_line

SECTION_CHARACTERS = 100_000
_HEADING_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a table or, with ``heading``, a heading; in clean text."""

    text: str
    heading: bool = False


def heading_line(text: str) -> str | None:
    """Return a heading on one line, at most 200 characters of it; None if it is blank.

    A heading is indexed with every chunk of its section, so that text marked as a heading by
    mistake must not be too long.
    """
    line = one_line(text)
    if len(line) <= _HEADING_CHARACTERS:
        return line or None
    return line[: _HEADING_CHARACTERS - 1].rstrip() + "…"


def paragraphs(items: Iterable[str | Block]) -> Iterator[Block]:
    """Group lines into paragraphs with a blank line after each; blocks pass through."""
    lines: list[str] = []
    for item in chain(items, ("",)):
        if isinstance(item, str) and item.strip():
            lines.append(item)
            continue
        if lines:
            yield Block("\n".join(lines) + "\n")
            lines = []
        if isinstance(item, Block):
            yield item


def sections_by_heading(
    blocks: Iterable[Block], separator: str = "\n", first_heading: str | None = None
) -> Iterator[Section]:
    """Yield one section per heading: the heading's line and the text up to the next one.

    Consecutive headings are in the section of the last. A section that reaches
    ``SECTION_CHARACTERS`` is closed at the end of a block and continued under the same heading.
    ``first_heading`` is the heading of the text before the first one.
    """
    heading = first_heading
    lines: list[str] = []
    length = 0
    only_headings = True
    for block in blocks:
        if not block.text.strip():
            continue
        starts_new = block.heading and not only_headings
        if lines and (starts_new or length >= SECTION_CHARACTERS):
            yield Section(separator.join(lines), heading=heading)
            lines, length, only_headings = [], 0, True
        if block.heading:
            heading = heading_line(block.text)
        else:
            only_headings = False
        lines.append(block.text)
        length += len(block.text)
    if lines:
        yield Section(separator.join(lines), heading=heading)
