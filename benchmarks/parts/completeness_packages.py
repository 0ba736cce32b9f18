"""Text nodes of Open XML, OpenDocument and EPUB, for ``completeness_reference.py``.

Every part that a reader of the document sees: body, headers, footers, notes, comments, charts,
diagrams. Not counted: deleted text, field codes, masters and layouts, document metadata, numbers
that a format displays differently (dates, percentages, powers of ten), automatic numbers, names of
sheets.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

from lxml import etree

MOST_PART_BYTES = 64 << 20
MOST_REPEATED = 100
"""A repeated cell or row of OpenDocument counts so many times at most."""

_OPEN_XML = re.compile(
    r"word/(?:document|header|footer|footnotes|endnotes|comments)\d*\.xml"
    r"|ppt/(?:slides|notesSlides|comments)/[^/]+\.xml"
    r"|xl/worksheets/[^/]+\.xml|xl/drawings/drawing\d+\.xml|xl/comments/?[^/]*\.xml"
    r"|xl/threadedComments/[^/]+\.xml"
    r"|\w+/(?:charts/chart\w*|diagrams/data\d*)\.xml",
    re.IGNORECASE,
)
_SKIPPED = frozenset(
    ("delText", "instrText", "delInstrText", "Fallback", "rPh", "f", "headerFooter", "moveFrom")
)
_ENDS = frozenset(
    ("p", "br", "cr", "tab", "tc", "tr", "c", "row", "comment", "pt", "cm", "si", "oMath")
)
_ODF_SKIPPED = frozenset(("tracked-changes", "scripts", "forms", "annotation", "script"))
_ODF_ENDS = frozenset(
    ("p", "h", "tab", "line-break", "s", "table-cell", "table-row", "list-item", "title", "desc")
)
_ODF_MARGINS = ("header", "footer", "header-left", "footer-left", "header-first", "footer-first")
_INLINE = frozenset(
    (
        *("a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "dfn", "em", "font"),
        *("i", "ins", "kbd", "mark", "q", "ruby", "s", "samp", "small", "span", "strike"),
        *("strong", "sub", "sup", "tt", "u", "var", "wbr"),
    )
)
_HIDDEN = frozenset(("script", "style", "template", "head"))
_GENERAL = ("", "0", "general", "standard")


def name_of(element: Any) -> str:
    """Return the local name of an element; empty for comments and instructions."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def parsed(archive: zipfile.ZipFile, part: str) -> Any:
    """Return the root of a part.

    Raises:
        ValueError: the part is too large or no XML.
    """
    if archive.getinfo(part).file_size > MOST_PART_BYTES:
        raise ValueError(f"{part} has more than {MOST_PART_BYTES >> 20} MiB")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    try:
        return etree.fromstring(archive.read(part), parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(f"{part} is no XML") from error


def open_xml(path: Path) -> str:
    """Return the text of a DOCX, PPTX or XLSX, and of their templates and macro forms."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        shared = _shared_strings(archive) if "xl/sharedStrings.xml" in names else []
        general = _general_formats(archive) if "xl/styles.xml" in names else None
        parts = sorted(filter(_OPEN_XML.fullmatch, names), key=_by_number)
        found = []
        for part in parts:
            root = parsed(archive, part)
            match name_of(root):
                case "worksheet":
                    found.append("\n".join(_cells(root, shared, general)))
                case "chartSpace":
                    found.append("\n".join(_chart(root)))
                case _:
                    found.append("".join(_texts(root)))
    if not parts:
        raise ValueError("it has no part that is known")
    return "\n".join(found)


def _by_number(name: str) -> tuple[str, int]:
    digits = re.findall(r"\d+", name)
    return re.sub(r"\d+", "", name), int(digits[-1]) if digits else 0


def _texts(element: Any) -> Iterator[str]:
    """Yield the text nodes of the elements ``t`` and of comments, with the ends of paragraphs."""
    name = name_of(element)
    if name in _SKIPPED or not name:
        return
    if name in ("t", "text") and element.text:
        yield element.text
        if element.tag.endswith("/math}t"):
            yield " "  # an exponent is no letter of its base
    for child in element:
        yield from _texts(child)
    if name in _ENDS:
        yield "\n"


def _shared_strings(archive: zipfile.ZipFile) -> list[str]:
    return ["".join(_texts(item)) for item in parsed(archive, "xl/sharedStrings.xml")]


def _general_formats(archive: zipfile.ZipFile) -> list[bool]:
    """Return for each cell style whether it shows a number as it is stored."""
    root = parsed(archive, "xl/styles.xml")
    formats = [each for each in root if name_of(each) == "cellXfs"]
    return [each.get("numFmtId", "0") in ("0", "49") for group in formats for each in group]


def _cells(sheet: Any, shared: list[str], general: list[bool] | None) -> Iterator[str]:
    for cell in sheet.iter("{*}c"):
        value = cell.findtext("{*}v") or ""
        kind = cell.get("t", "n")
        if kind == "s" and value.isdigit() and int(value) < len(shared):
            yield shared[int(value)]
        elif kind == "inlineStr":
            yield "".join(_texts(cell))
        elif kind == "b":
            yield "TRUE" if value == "1" else "FALSE"
        elif kind in ("str", "e"):
            yield value
        elif kind == "n" and _is_general(cell.get("s", "0"), general):
            yield _number(value)


def _is_general(style: str, general: list[bool] | None) -> bool:
    if general is None:
        return True
    return style.isdigit() and int(style) < len(general) and general[int(style)]


def _number(value: str) -> str:
    """Return a number with 15 digits, as it is displayed; nothing where that is a power of ten."""
    try:
        text = f"{float(value):.15g}"
    except ValueError:
        return value
    return "" if "e" in text else text


def _chart(root: Any) -> Iterator[str]:
    """Yield titles, names of series, categories (once) and values of a chart."""
    yield "".join(_texts(root))
    known: set[str] = set()
    for group in root.iter("{*}tx", "{*}cat", "{*}val", "{*}xVal", "{*}yVal", "{*}bubbleSize"):
        kind = name_of(group)
        formats = [(each.text or "").lower() for each in group.iter("{*}formatCode")]
        if any(each not in _GENERAL for each in formats):
            continue
        numeric = bool(next(group.iter("{*}numCache", "{*}numLit"), None) is not None)
        values = [each.text or "" for each in group.iter("{*}v")]
        text = "\n".join(map(_number, values) if numeric else values)
        if kind in ("cat", "xVal") and text in known:
            continue
        known.add(text)
        yield text


def open_document(path: Path) -> str:
    """Return the text of an ODT, ODP or ODS, with headers and footers of a text."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        parts = [each for each in names if re.fullmatch(r"(?:Object \d+/)?content\.xml", each)]
        found = ["".join(_odf_texts(parsed(archive, part))) for part in sorted(parts)]
        if path.suffix.lower() == ".odt" and "styles.xml" in names:
            styles = parsed(archive, "styles.xml")
            found += [
                "".join(_odf_texts(each))
                for name in _ODF_MARGINS
                for each in styles.iter(f"{{*}}{name}")
            ]
    return "\n".join(found)


def _odf_texts(element: Any) -> Iterator[str]:
    name = name_of(element)
    if name == "annotation":
        for paragraph in element.iter("{*}p"):
            yield "".join(paragraph.itertext()) + "\n"
    if not name or name in _ODF_SKIPPED:
        return
    own = [element.text or ""]
    for child in element:
        own.extend(_odf_texts(child))
        own.append(child.tail or "")
    if name in _ODF_ENDS:
        own.append("\n")
    yield from own * _repetitions(element)


def _repetitions(element: Any) -> int:
    for key, value in element.attrib.items():
        if key.endswith(("}number-columns-repeated", "}number-rows-repeated")) and value.isdigit():
            return min(MOST_REPEATED, int(value)) if _has_text(element) else 1
    return 1


def _has_text(element: Any) -> bool:
    return any(each.strip() for each in element.itertext())


def book(path: Path) -> str:
    """Return the text of an EPUB's spine; a table of contents outside of it repeats headings."""
    with zipfile.ZipFile(path) as archive:
        container = parsed(archive, "META-INF/container.xml")
        package = next(container.iter("{*}rootfile")).get("full-path", "")
        root = parsed(archive, package)
        places = {each.get("id"): each.get("href", "") for each in root.iter("{*}item")}
        pages = [places.get(each.get("idref"), "") for each in root.iter("{*}itemref")]
        texts = []
        for page in filter(None, pages):
            part = (PurePosixPath(package).parent / unquote(page)).as_posix()
            texts.append("".join(markup_texts(parsed(archive, part))))
        return "\n".join(texts)


def markup_texts(element: Any) -> Iterator[str]:
    """Yield the text nodes of HTML, with a line end after each block."""
    name = name_of(element).lower()
    if not name or name in _HIDDEN:
        return
    if name not in _INLINE:
        yield "\n"
    yield element.text or ""
    for child in element:
        yield from markup_texts(child)
        yield child.tail or ""
    if name not in _INLINE:
        yield "\n"
