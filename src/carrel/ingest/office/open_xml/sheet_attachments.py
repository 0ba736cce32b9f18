"""What is attached to sheets of a workbook: comments, charts, text boxes, pictures."""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any

from lxml import etree

from carrel.core.errors import UnreadableDocument
from carrel.ingest.failures import as_core_error
from carrel.ingest.office.open_xml.drawings import (
    alternative_text,
    drawing_lines,
    drawn_text,
    reference_id,
)
from carrel.ingest.office.open_xml.packages import RELATIONSHIPS, resolve_alternatives
from carrel.ingest.remarks import Remarks
from carrel.ingest.text.cleaning import one_line

MOST_PART_BYTES = 64 << 20
_SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_MAIN = "http://schemas.openxmlformats.org/drawingml/2006/main"
_THREADED = "http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments"
_TEXT = f"{{{_SPREADSHEET}}}t"
_UNPACKING = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
# A chart, a diagram, and the chart that a sheet is.
_DRAWN = ("/chart", "/chartEx", "/diagramData")


class SheetAttachments:
    """Reads the attachments of sheets from the package of a workbook."""

    def __init__(self, stream: IO[bytes], remarks: Remarks) -> None:
        """Take the package; what cannot be read is added to the remarks."""
        self._archive = zipfile.ZipFile(stream)
        self._names = set(self._archive.namelist())
        self._remarks = remarks
        self._sheets: dict[str, str] = {}
        self._people: dict[str, str] = {}
        # A chart may be shown by several relationships of one drawing.
        self._seen: set[str] = set()

    def open(self) -> int:
        """Find the sheets and the authors of comments; return the number of sheets."""
        count = 0
        for kind, workbook in self._relationships("").values():
            if not kind.endswith("/officeDocument") or (root := self._root(workbook)) is None:
                continue
            parts = self._relationships(workbook)
            for sheet in root.iter(f"{{{_SPREADSHEET}}}sheet"):
                _, target = parts.get(sheet.get(f"{{{RELATIONSHIPS}}}id", ""), ("", ""))
                self._sheets[sheet.get("name", "")] = target
                count += 1
            for kind_of_part, target in parts.values():
                if kind_of_part.endswith("/person") and (people := self._root(target)) is not None:
                    self._people |= {
                        each.get("id", ""): one_line(each.get("displayName", "")) for each in people
                    }
        return count

    def lines(self, sheet: str) -> Iterator[str]:
        """Yield the lines of a sheet's attachments."""
        place = self._sheets.get(sheet, "")
        parts = list(self._relationships(place).values()) if place else []
        threaded = {
            cell: text
            for kind, part in parts
            if kind.endswith("/threadedComment")
            for cell, text in self._threads(part).items()
        }
        for kind, part in parts:
            if kind.endswith("/comments"):
                yield from self._comments(part, threaded)
        yield from threaded.values()
        for kind, part in parts:
            if kind.endswith("/drawing"):
                yield from self._drawing(part)

    def _comments(self, part: str, threaded: dict[str, str]) -> Iterator[str]:
        """Yield the comments; one with a thread only says that newer programs show the thread."""
        if (root := self._root(part)) is None:
            return
        names = [each.text or "" for each in root.iter(f"{{{_SPREADSHEET}}}author")]
        for comment in root.iter(f"{{{_SPREADSHEET}}}comment"):
            cell = comment.get("ref", "")
            text = one_line("".join(each.text or "" for each in comment.iter(_TEXT)))
            if text and cell not in threaded:
                index = comment.get("authorId", "")
                is_listed = index.isdecimal() and int(index) < len(names)
                yield _comment(cell, names[int(index)] if is_listed else "", text)

    def _threads(self, part: str) -> dict[str, str]:
        """Return the threads by cell, a line per answer."""
        found: dict[str, list[str]] = {}
        root = self._root(part)
        for comment in () if root is None else root.iter(f"{{{_THREADED}}}threadedComment"):
            cell = comment.get("ref", "")
            author = self._people.get(comment.get("personId", ""), "")
            text = one_line(comment.findtext(f"{{{_THREADED}}}text") or "")
            found.setdefault(cell, []).append(_comment(cell, author, text))
        return {cell: "\n".join(lines) for cell, lines in found.items()}

    def _drawing(self, part: str) -> Iterator[str]:
        if (root := self._root(part)) is None:
            return
        resolve_alternatives(root)
        parts = self._relationships(part)
        for element in root.iter("{*}txBody", "{*}cNvPr", "{*}chart", "{*}relIds"):
            name = element.tag.rpartition("}")[2]
            if name == "txBody":
                paragraphs = (drawn_text(each) for each in element.iter(f"{{{_MAIN}}}p"))
                yield one_line("\n".join(paragraphs))
            elif name == "cNvPr":
                if text := alternative_text(element):
                    yield f"Image: {text}"
            else:
                kind, target = parts.get(reference_id(element), ("", ""))
                if kind.endswith(_DRAWN) and target not in self._seen:
                    self._seen.add(target)
                    chart = self._root(target)
                    yield from drawing_lines(chart) if chart is not None else ()

    def _relationships(self, part: str) -> dict[str, tuple[str, str]]:
        """Return the type and the target of the relationships of a part, by their id."""
        folder, name = posixpath.split(part)
        root = self._root(posixpath.join(folder, "_rels", f"{name}.rels"))
        return {
            each.get("Id", ""): (each.get("Type", ""), _place(folder, each.get("Target", "")))
            for each in (() if root is None else root)
            if each.get("TargetMode") != "External"
        }

    def _root(self, name: str) -> Any:
        """Return the root of a part; None if it is missing or cannot be read."""
        if name not in self._names:
            return None
        try:
            if self._archive.getinfo(name).file_size > MOST_PART_BYTES:
                raise UnreadableDocument(f"more than {MOST_PART_BYTES >> 20} MB")
            parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)
            return etree.fromstring(self._archive.read(name), parser)
        except (UnreadableDocument, SyntaxError, OSError, ValueError, *_UNPACKING) as error:
            self._remarks.add(f"{posixpath.basename(name)}: {as_core_error(error)}")
            return None


def _comment(cell: str, author: str, text: str) -> str:
    author = one_line(author)
    return f"Comment on {cell} ({author}): {text}" if author else f"Comment on {cell}: {text}"


def _place(folder: str, target: str) -> str:
    """Return the name in the archive of a target, which may begin at the root."""
    return posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
