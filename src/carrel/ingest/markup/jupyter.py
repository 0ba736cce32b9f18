"""Reader of Jupyter notebooks, cell by cell."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from itertools import groupby
from pathlib import Path

from carrel.core.documents import Section
from carrel.core.errors import UnreadableDocument
from carrel.ingest.data.json_values import JsonValue, json_values
from carrel.ingest.failures import checked_sections
from carrel.ingest.markup.markdown import markdown_blocks
from carrel.ingest.text.blocks import Block, sections_by_heading
from carrel.ingest.text.cleaning import clean_text
from carrel.ingest.text.text import text_blocks

_CELL_PATH_LENGTH = 3
_NOTEBOOK_KEYS = frozenset(("cells", "metadata", "nbformat"))


class NotebookReader:
    """Reads notebooks: text and code cells in order, without outputs.

    Headings in text cells begin sections, as in Markdown.
    """

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        """Yield the sections; there are no pages."""
        values = _values_of_notebook(json_values(text_blocks(path)))
        yield from sections_by_heading(_blocks(values))


def _values_of_notebook(values: Iterator[JsonValue]) -> Iterator[JsonValue]:
    found = other = False
    for value in values:
        known = value.path[0:1] and value.path[0] in _NOTEBOOK_KEYS
        found, other = found or bool(known), other or not known
        yield value
    if other and not found:
        raise UnreadableDocument(
            "it is no notebook: it has no cells; rename it to end in .json if it is other JSON"
        )


def _blocks(values: Iterator[JsonValue]) -> Iterator[Block]:
    in_cells = (
        value
        for value in values
        if value.path[0:1] == ("cells",) and len(value.path) >= _CELL_PATH_LENGTH
    )
    for _, parts in groupby(in_cells, key=lambda value: value.path[1]):
        kind, source = "", []
        for part in parts:
            if part.path[2] == "cell_type":
                kind = part.text
            elif part.path[2] == "source":
                # One text, or a list of lines.
                source.append(part.text)
        text = clean_text("".join(source))
        if kind == "markdown":
            yield from markdown_blocks(text.split("\n"))
        else:
            yield Block(text.strip("\n") + "\n" if text.strip() else "")
