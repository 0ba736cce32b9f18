"""A page of a MediaWiki export: title, ids and latest text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import unescape

from carrel.core.errors import UnreadableDocument
from carrel.ingest.text.cleaning import clean_text, one_line

_MOST_DEPTH = 20
_KEPT = frozenset(
    ("page/title", "page/ns", "page/id", "page/revision/id", "page/revision/model"),
).union(("page/revision/text",))
_NUMBERS = ("id", "revision/id", "ns")
_NAMESPACE = re.compile(r'<namespace key="(-?\d{1,6})"[^>]{0,100}>([^<]{1,200})</namespace>')
_SITE = re.compile(r"<(dbname|base)>([^<]{1,300})</")
_FILE_NAMESPACES = ("-2", "6", "14")


@dataclass(frozen=True, slots=True)
class Site:
    """Metadata of the wiki: names for its files and categories, also in its own language.

    ``project`` is its name in statistics, such as ``en.wikipedia``.
    """

    name: str
    project: str
    hidden: frozenset[str]


@dataclass(frozen=True, slots=True)
class WikiPage:
    """A page. ``model`` is the type of its text: ``wikitext``, or a script, or data."""

    title: str
    number: int
    revision: int
    namespace: int
    redirect: bool
    model: str
    text: str

    @property
    def is_article(self) -> bool:
        """Whether it is an article, and no redirect or discussion."""
        wanted = self.namespace == 0 and not self.redirect and self.model == "wikitext"
        return wanted and bool(self.text.strip())


def site_of(head: bytes) -> Site:
    """Parse the beginning of an export."""
    text = head.decode("utf-8", "replace")
    said = {name: unescape(value).strip() for name, value in _SITE.findall(text)}
    host = said.get("base", "").partition("://")[2].partition("/")[0]
    names = {unescape(name) for key, name in _NAMESPACE.findall(text) if key in _FILE_NAMESPACES}
    hidden = frozenset(("file", "image", "media", "category")).union(
        one_line(name).lower() for name in names
    )
    name = re.sub(r"\W+", "", said.get("dbname", ""))
    return Site(name or "wiki", host.removesuffix(".org"), hidden)


def parse_page(xml: bytes) -> WikiPage:
    """Parse a page; of several revisions the last.

    Raises:
        UnreadableDocument: its XML is broken, or it lacks a title or an id.
    """
    gathered = _Gathered()
    # The input is a fragment: it cannot contain a declaration, and so no entity.
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = gathered.start
    parser.EndElementHandler = gathered.end
    parser.CharacterDataHandler = gathered.text
    try:
        parser.Parse(clean_text(xml.decode("utf-8", "replace")).encode(), True)
    except expat.ExpatError as error:
        raise UnreadableDocument("it is damaged: the XML of a page is broken") from error
    values = gathered.values
    title = one_line(values.get("page/title", ""))
    numbers = {name: values.get(f"page/{name}", "0").strip() for name in _NUMBERS}
    if not title or not all(re.fullmatch(r"-?\d{1,15}", each) for each in numbers.values()):
        raise UnreadableDocument("it is damaged: a page in it has no title or no number")
    return WikiPage(
        title,
        number=int(numbers["id"]),
        revision=int(numbers["revision/id"]),
        namespace=int(numbers["ns"]),
        redirect=gathered.redirect,
        model=values.get("page/revision/model", "wikitext").strip(),
        text=values.get("page/revision/text", ""),
    )


@dataclass(slots=True)
class _Gathered:
    """Collects the text of the requested elements, as the parser reports them."""

    values: dict[str, str] = field(default_factory=dict)
    redirect: bool = False
    _open: list[str] = field(default_factory=list)
    _parts: list[str] = field(default_factory=list)

    def start(self, name: str, _attributes: object) -> None:
        if len(self._open) >= _MOST_DEPTH:
            raise UnreadableDocument("its elements are nested too deeply")
        self._open.append(name)
        self._parts.clear()
        self.redirect = self.redirect or self._open == ["page", "redirect"]

    def text(self, data: str) -> None:
        self._parts.append(data)

    def end(self, _name: str) -> None:
        path = "/".join(self._open)
        if path in _KEPT:
            self.values[path] = "".join(self._parts)
        self._open.pop()
        self._parts.clear()
