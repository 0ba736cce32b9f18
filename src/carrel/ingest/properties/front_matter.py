"""Properties of texts: the front matter of Markdown, the keywords of Org, the fields of reST."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from carrel.core.document_properties import DocumentProperties
from carrel.ingest.properties.stated import Stated
from carrel.ingest.text.text import text_lines

_MOST_LINES = 500
_FENCE, _ENDS = "---", ("---", "...")
_ORG_LINE = re.compile(r"#\+(\w+):\s*(.*)")
_ORG_DATE = re.compile(r"[<\[](\d{4}-\d\d-\d\d)[^>\]]*[>\]]")
_FIELD = re.compile(r":([\w-]+):\s+(\S.*)")
_NAMES = {
    **dict.fromkeys(("author", "authors", "creator", "by"), "author"),
    **dict.fromkeys(("date", "created", "published", "pubdate", "publishdate"), "created"),
    **dict.fromkeys(("updated", "modified", "lastmod", "last_modified_at"), "modified"),
    **dict.fromkeys(("tags", "keywords", "keyword", "categories", "filetags"), "keywords"),
    **dict.fromkeys(("lang", "language"), "language"),
    "title": "title",
}


def markdown_properties(path: Path) -> DocumentProperties:
    """Return what the front matter between two lines of dashes states, in YAML."""
    lines = islice(text_lines(path), _MOST_LINES)
    if next(lines, "").rstrip() != _FENCE:
        return Stated().properties()
    head: list[str] = []
    for line in lines:
        if line.rstrip() in _ENDS:
            return _properties(_pairs("\n".join(head)))
        head.append(line)
    return Stated().properties()


def org_properties(path: Path) -> DocumentProperties:
    """Return what the keywords before the first headline state."""
    return _properties(_org_pairs(islice(text_lines(path), _MOST_LINES)))


def restructured_text_properties(path: Path) -> DocumentProperties:
    """Return what the list of fields at the top states."""
    lines = (_FIELD.match(line) for line in islice(text_lines(path), _MOST_LINES))
    return _properties((match[1], match[2]) for match in lines if match)


def _pairs(head: str) -> Iterator[tuple[str, Any]]:
    try:
        found = yaml.safe_load(head)
    except (yaml.YAMLError, ValueError, RecursionError):
        # The text is read all the same; a template's front matter need not be YAML.
        return
    if isinstance(found, dict):
        yield from ((name, value) for name, value in found.items() if isinstance(name, str))


def _org_pairs(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        if line.startswith("* "):
            return
        if match := _ORG_LINE.match(line):
            value = match[2].strip()
            if match[1].lower() == "filetags":
                value = value.replace(":", ";")
            dated = _ORG_DATE.fullmatch(value)
            yield match[1], dated[1] if dated else value


def _properties(pairs: Iterable[tuple[str, Any]]) -> DocumentProperties:
    stated = Stated()
    take: dict[str, Callable[[Any], None]] = {
        "title": stated.title,
        "author": stated.author,
        "created": stated.created,
        "modified": stated.modified,
        "keywords": stated.keywords,
        "language": stated.language,
    }
    for name, value in pairs:
        if (kind := _NAMES.get(name.lower())) is not None:
            for each in _simple(value):
                take[kind](each)
    return stated.properties()


def _simple(value: Any) -> Iterator[Any]:
    """Yield texts and dates, also those in a list, or the names of people in one."""
    for each in value if isinstance(value, list) else (value,):
        name = each.get("name") if isinstance(each, dict) else each
        if isinstance(name, str | datetime.date):
            yield name
        elif isinstance(name, int | float) and not isinstance(name, bool):
            yield str(name)
