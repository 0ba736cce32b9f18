"""Plain text of an article with mwparserfromhell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import mwparserfromhell
import structlog
from mwparserfromhell import nodes

from carrel.ingest.text.cleaning import clean_text, one_line, squeeze_blank_lines

MOST_PIECE_CHARACTERS = 50_000
"""Maximum text given to the parser at once: unclosed markup takes quadratic time."""

_PIECE_CHARACTERS = 20_000
_HEADING = re.compile(r"^(={1,6})([^\n]{1,300}?)\1[ \t]*$", re.MULTILINE)
_STYLE = re.compile(r"'{2,5}")
_SWITCH = re.compile(r"__[A-Z]{3,20}__")
# Remains of a pronunciation or translation template.
_EMPTY_BRACKETS = re.compile(r" ?\([\s,;:]*\)")
_LEFT_OUT = frozenset(("ref", "references", "gallery", "timeline", "score", "imagemap")).union(
    ("style", "script", "templatestyles", "graph", "maplink", "mapframe")
)
# Templates that represent words of the sentence; all others are dropped.
_LAST_WORD = frozenset(("lang", "nowrap", "nobr", "transl", "transliteration", "abbr"))
_FIRST_WORDS = frozenset(("convert", "cvt"))
_CELLS = frozenset(("td", "th"))

log = structlog.get_logger()


def article_parts(text: str, hidden: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each part of an article with text: the path of its headings, and the text.

    The path is ``History — Middle Ages``, and empty above the first heading. Templates, notes,
    images, categories and comments are dropped; tables are read row by row as ``cell | cell``.
    ``hidden`` are the lower-case names of the namespaces whose links show no text.
    """
    text = without_comments(clean_text(text))
    shown = _Shown(frozenset(hidden))
    path: list[tuple[int, str]] = []
    begin = 0
    for heading in (*_HEADING.finditer(text), None):
        body = "\n\n".join(
            shown.plain(piece) for piece in pieces(text[begin : _start(heading, text)])
        )
        body = _tidy(body)
        if body:
            yield " — ".join(name for _, name in path if name), body
        if heading is None:
            return
        level = len(heading[1])
        path = [each for each in path if each[0] < level]
        path.append((level, one_line(_tidy(shown.plain(heading[2])))))
        begin = heading.end()


def _start(heading: re.Match[str] | None, text: str) -> int:
    return len(text) if heading is None else heading.start()


def without_comments(text: str) -> str:
    """Return the text without ``<!-- comments -->``; unclosed ones stay."""
    kept: list[str] = []
    place = 0
    while (begin := text.find("<!--", place)) >= 0:
        end = text.find("-->", begin)
        if end < 0:
            break
        kept.append(text[place:begin])
        place = end + 3
    return "".join((*kept, text[place:]))


def pieces(text: str) -> Iterator[str]:
    """Split a text between paragraphs outside tables and templates.

    What cannot be split below ``MOST_PIECE_CHARACTERS`` is dropped.
    """
    if len(text) <= _PIECE_CHARACTERS:
        yield text
        return
    piece: list[str] = []
    length = open_marks = 0
    for paragraph in text.split("\n\n"):
        piece.append(paragraph)
        length += len(paragraph) + 2
        open_marks += sum(paragraph.count(mark) for mark in ("{{", "{|"))
        open_marks -= sum(paragraph.count(mark) for mark in ("}}", "|}"))
        if length > _PIECE_CHARACTERS and (open_marks <= 0 or length > MOST_PIECE_CHARACTERS):
            yield from _bounded("\n\n".join(piece))
            piece, length, open_marks = [], 0, 0
    if piece:
        yield from _bounded("\n\n".join(piece))


def _bounded(piece: str) -> Iterator[str]:
    if len(piece) <= MOST_PIECE_CHARACTERS:
        yield piece
    else:
        log.info("document.wiki_markup_left_out", characters=len(piece))


def _tidy(text: str) -> str:
    text = _EMPTY_BRACKETS.sub("", _SWITCH.sub("", _STYLE.sub("", text)))
    lines = (" ".join(line.split()) for line in clean_text(text).split("\n"))
    return squeeze_blank_lines("\n".join(line for line in lines if line != "-"))


class _Shown:
    """Renders markup as a reader of the wiki sees it."""

    def __init__(self, hidden: frozenset[str]) -> None:
        self._hidden = hidden

    def plain(self, text: str) -> str:
        """Return the rendered text, with its line breaks."""
        if not text.strip():
            return ""
        return self._all(mwparserfromhell.parse(text, skip_style_tags=True))

    def _all(self, code: mwparserfromhell.wikicode.Wikicode | None) -> str:
        return "" if code is None else "".join(self._one(node) for node in code.nodes)

    def _one(self, node: nodes.Node) -> str:
        if isinstance(node, nodes.Text):
            return str(node.value)
        if isinstance(node, nodes.Wikilink):
            return self._link(node)
        if isinstance(node, nodes.Tag):
            return self._tag(node)
        if isinstance(node, nodes.Template):
            return self._template(node)
        if isinstance(node, nodes.HTMLEntity):
            return str(node.normalize())
        if isinstance(node, nodes.ExternalLink):
            return self._all(node.title) if node.brackets else str(node.url)
        if isinstance(node, nodes.Heading):
            return self._all(node.title)
        return ""

    def _link(self, link: nodes.Wikilink) -> str:
        target = str(link.title).strip()
        namespace, colon, _ = target.partition(":")
        if colon and namespace.strip().lower() in self._hidden:
            return ""
        return self._all(link.text) if link.text else target.removeprefix(":")

    def _tag(self, tag: nodes.Tag) -> str:
        name = str(tag.tag).strip().lower()
        if name in _LEFT_OUT:
            return ""
        if name == "br":
            return "\n"
        if name == "table":
            return "\n" + "\n".join(self._rows(tag)) + "\n"
        if tag.wiki_markup in ("*", "#"):
            return "- "
        return self._all(tag.contents)

    def _rows(self, table: nodes.Tag) -> Iterator[str]:
        """Yield a table's rows; the first one may be in the table itself."""
        cells: list[str] = []
        for node in table.contents.nodes if table.contents else ():
            if not isinstance(node, nodes.Tag):
                continue
            name = str(node.tag).strip().lower()
            if name in _CELLS:
                cells.append(one_line(self._all(node.contents)).removeprefix("+ "))
            elif name in ("tr", "tbody", "thead"):
                yield from _row(cells)
                cells = []
                yield from self._rows(node)
        yield from _row(cells)

    def _template(self, template: nodes.Template) -> str:
        name = str(template.name).strip().lower()
        words = [each.value for each in template.params if not each.showkey]
        if words and name in _LAST_WORD:
            return self._all(words[-1] if name != "abbr" else words[0])
        if len(words) > 1 and name in _FIRST_WORDS:
            return " ".join(self._all(each).strip() for each in words[:2])
        return ""


def _row(cells: list[str]) -> Iterator[str]:
    line = " | ".join(cell for cell in cells if cell)
    if line:
        yield line
