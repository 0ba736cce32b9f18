"""Reader of Org files."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path

from carrel.core.documents import Section
from carrel.ingest.failures import checked_sections
from carrel.ingest.text.blocks import Block, paragraphs, sections_by_heading
from carrel.ingest.text.text import text_lines

_STARS = re.compile(r"\*+[ \t]")
_TITLE = re.compile(r"#\+title:", re.IGNORECASE)
# Prefixes of a headline's title, and the tags that may follow it.
_STATE = re.compile(r"(?:(?:TODO|DONE)[ \t]+)?(?:\[#\w\][ \t]+)?")
_TAGS = re.compile(r":[\w@#%:]+:")


class OrgReader:
    """Reads Org unrendered; each headline begins a section, and so does ``#+TITLE``.

    States, priorities and tags are dropped from headings.
    """

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        """Yield the sections, each with its headline as heading; there are no pages."""
        yield from sections_by_heading(paragraphs(_headed(text_lines(path))))


def _headed(lines: Iterable[str]) -> Iterator[str | Block]:
    for line in lines:
        if (stars := _STARS.match(line)) is not None:
            yield Block(_title(line[stars.end() :].strip()), heading=True)
        elif (title := _TITLE.match(line)) is not None:
            yield Block(line[title.end() :].strip(), heading=True)
        else:
            yield line


def _title(headline: str) -> str:
    state = _STATE.match(headline)
    title = headline[state.end() :] if state else headline
    words = title.rsplit(None, 1)
    return words[0] if len(words) > 1 and _TAGS.fullmatch(words[1]) else title
