"""Reader of reStructuredText."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path

from carrel.core.documents import Section
from carrel.ingest.failures import checked_sections
from carrel.ingest.text.blocks import Block, paragraphs, sections_by_heading
from carrel.ingest.text.text import text_lines

# One mark of punctuation, repeated.
_RULE = re.compile(r"([!-/:-@\[-`{-~])\1*[ \t]*$")
# A line shorter than the title is text according to the format.
_SURE_RULE = 4


class RestructuredTextReader:
    """Reads reStructuredText unrendered; each title begins a section.

    A title is a line that is underlined, or over- and underlined, with punctuation.
    """

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        """Yield the sections, each with its title as heading; there are no pages."""
        yield from sections_by_heading(paragraphs(_titled(text_lines(path))))


def _titled(lines: Iterable[str]) -> Iterator[str | Block]:
    """Yield the lines, titles as headings without the punctuation that marks them."""
    # The last undecided lines: an overline, a possible title, or both.
    held: list[str] = []
    after_blank = True
    for line in lines:
        if held and not _is_rule(held[-1]) and _underlines(line, held[-1]):
            yield Block(held[-1].strip(), heading=True)
            held, after_blank = [], True
        elif len(held) == 1 and _is_rule(held[0]) and line.strip() and not _is_rule(line):
            # It may be indented below an overline, and only there.
            held.append(line)
        else:
            yield from held
            held = []
            if after_blank and line[:1].strip():
                held = [line]
            else:
                yield line
            after_blank = not line.strip()
    yield from held


def _is_rule(line: str) -> bool:
    return _RULE.match(line) is not None


def _underlines(rule: str, title: str) -> bool:
    length = len(rule.rstrip())
    return _is_rule(rule) and length >= min(_SURE_RULE, len(title.strip()))
