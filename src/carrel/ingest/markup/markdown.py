"""Reader of Markdown."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from itertools import chain
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from carrel.core.documents import Section
from carrel.ingest.failures import checked_sections
from carrel.ingest.markup.markdown_tables import with_tables
from carrel.ingest.text.blocks import Block, paragraphs, sections_by_heading
from carrel.ingest.text.text import text_lines

# Only what finds headings and code; a table needs many tokens.
_PARSER = MarkdownIt("commonmark").disable(["inline", "text_join", "reference"])
_WINDOW_CHARACTERS = 1 << 16
# A longer list, quote or paragraph is parsed in parts: memory grows with the tokens of its lines.
_LONGEST_BLOCK = 1 << 20
_VERBATIM = frozenset(("fence", "html_block"))
_CODE = frozenset(("fence", "code_block"))
_FRONT_MATTER = "---"


class MarkdownReader:
    """Reads Markdown unrendered but for tables; each heading begins a section.

    CommonMark decides what is a heading: no line with ``#`` in code or in a comment. The front
    matter between two ``---`` at the top holds none either.
    """

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        """Yield the sections, each with its heading as title; there are no pages."""
        yield from sections_by_heading(markdown_blocks(text_lines(path)))


def markdown_blocks(lines: Iterable[str]) -> Iterator[Block]:
    """Yield headings without their markup, and paragraphs with a blank line after them.

    The rows of tables are written with their heads.
    """
    lines = iter(lines)
    first = next(lines, "")
    if first.rstrip() == _FRONT_MATTER:
        yield Block("\n".join((first, *_front_matter(lines))).rstrip() + "\n")
        first = ""
    windows = _windows(chain((first,), lines))
    items = chain.from_iterable(_items(*window) for window in windows)
    yield from paragraphs(with_tables(items))


def _front_matter(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        yield line
        # A blank line shows that the dashes at the top were a rule and no front matter.
        if line.rstrip() in (_FRONT_MATTER, "...", ""):
            return


def _windows(lines: Iterator[str]) -> Iterator[tuple[list[str], list[Token]]]:
    """Parse a part at a time; its last block may continue and is parsed again with the next."""
    window: list[str] = []
    length, enough = 0, _WINDOW_CHARACTERS
    for line in lines:
        window.append(line)
        length += len(line) + 1
        if length < enough:
            continue
        tokens = _PARSER.parse("\n".join(window))
        cut = _end(tokens, len(window), length)
        if cut:
            yield window[:cut], tokens
            window = window[cut:]
            length = sum(map(len, window)) + len(window)
        enough = max(_WINDOW_CHARACTERS, 2 * length)
    yield window, _PARSER.parse("\n".join(window))


def _end(tokens: list[Token], count: int, length: int) -> int:
    """Return how many lines of a window end before its last block."""
    blocks = [(token.map[0], token.type) for token in tokens if token.map and not token.level]
    start, kind = blocks[-1] if blocks else (count, "")
    too_long = not start and length >= _LONGEST_BLOCK and kind not in _VERBATIM
    return count if too_long else start


def _items(lines: list[str], tokens: list[Token]) -> Iterator[str | Block]:
    """Yield headings, code as a whole, and all other lines; ``tokens`` may go beyond the lines."""
    place = 0
    for index, token in enumerate(tokens):
        if token.map is None or token.map[0] >= len(lines):
            continue
        start, end = token.map
        if token.type in _CODE:
            item: str | Block = "\n".join(lines[start:end])
        elif token.type != "heading_open" or token.level:
            continue
        elif token.markup.startswith("#"):
            item = Block(tokens[index + 1].content, heading=True)
        else:
            # The underlined paragraph may be long: its last line is the heading.
            start = end - 2
            if lines[start].lstrip().startswith("|"):
                continue
            item = Block(lines[start].strip(), heading=True)
        yield from lines[place:start]
        yield item
        place = end
    yield from lines[place:]
