"""The text of answers about the collection, and what their lines cite. Pure functions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import PurePosixPath

from carrel.core.citations import CheckedSentence, Citation
from carrel.core.documents import DocumentRecord, RetrievedChunk, Source
from carrel.services.chat.collection_questions import collection_question
from carrel.services.chat.listing_questions import Extreme, Listing, listing_question
from carrel.services.citations.citing import cite
from carrel.services.document_filter import own_date

MOST_SOURCES = 20
"""Documents that are quoted; all are listed."""

MOST_LISTED = 1000
"""Documents of a list; the number of all is in its first line."""

_FIRST_LINE = re.compile(
    r"\d+ of \d+ documents? (?:mentions? “|match)|There are none\.|There (?:is|are) \d+ doc"
    r"|No document states its date|By the dates that they state, |The (?:last|first) document that"
)
_LINE = re.compile(r"^- .+ \[(\d+)\]$", re.MULTILINE)


def listed(thing: str, found: Sequence[RetrievedChunk], total: int) -> str:
    """Return the list of the documents, of ``total`` ones, that mention a thing."""
    of = f"{len(found)} of {_documents(total)}"
    lines = [f"{of} {'mentions' if len(found) == 1 else 'mention'} “{thing}”:", ""]
    for number, each in enumerate(found, start=1):
        mark = f" [{number}]" if number <= MOST_SOURCES else ""
        lines.append(f"- {each.document_name}{mark}")
    return "\n".join(lines)


def counted(names: Sequence[str]) -> str:
    """Return how many documents there are, by the ending of their names."""
    if not names:
        return "There are none."
    kinds = Counter(PurePosixPath(each).suffix.lower().lstrip(".") for each in names)
    by_kind = ", ".join(
        f"{count} {kind.upper() or 'without ending'}" for kind, count in kinds.most_common()
    )
    return f"There {'is' if len(names) == 1 else 'are'} {_documents(len(names))}: {by_kind}."


def matching(asked: Listing, found: Sequence[DocumentRecord], total: int) -> str:
    """Return the list, or the number, of the documents, of ``total`` ones, that match."""
    verb = "matches" if len(found) == 1 else "match"
    said = " ".join(map(str, asked.filter.terms))
    first = f"{len(found)} of {_documents(total)} {verb} `{said}`" if said else ""
    if asked.counts or not found:
        return f"{first}." if first else counted([each.name for each in found])
    first = first or f"There {'is' if len(found) == 1 else 'are'} {_documents(len(found))}"
    named = sorted(found, key=lambda each: each.name)[:MOST_LISTED]
    dated = any(each.key in {"date", "added"} for each in asked.filter.terms)
    lines = [f"- {each.name}{_day_of(each, asked) if dated else ''}" for each in named]
    if len(found) > len(named):
        lines.append(f"- {_documents(len(found) - len(named))} more")
    return "\n".join((f"{first}:", "", *lines))


def extreme(wanted: Extreme, found: Sequence[DocumentRecord]) -> str:
    """Return the newest, oldest, last or first added one of documents, and by which date."""
    added = sorted(found, key=lambda each: each.added_at)
    last, first = _added("last", added[-1]), _added("first", added[0])
    if wanted is Extreme.LAST_ADDED:
        return last
    if wanted is Extreme.FIRST_ADDED:
        return first
    stated = sorted((day, each.name) for each in found if (day := own_date(each)))
    is_newest = wanted is Extreme.NEWEST
    beside = last if is_newest else first
    if not stated:
        return f"No document states its date. {beside}"
    day, name = stated[-1 if is_newest else 0]
    return f"By the dates that they state, {name} is the {wanted.value} ({day}). {beside}"


def _added(which: str, record: DocumentRecord) -> str:
    return f"The {which} document that was added is {record.name} ({record.added_at:%Y-%m-%d})."


def _day_of(record: DocumentRecord, asked: Listing) -> str:
    by_addition = any(each.key == "added" for each in asked.filter.terms)
    day = None if by_addition else own_date(record)
    return f" ({day or record.added_at.date()})"


def quoted(thing: str, found: Sequence[RetrievedChunk]) -> tuple[Source, ...]:
    """Return the sources of a list, each with the sentence that mentions the thing."""
    return tuple(replace(each, used=True) for each in cite("", thing, found[:MOST_SOURCES]))


def listed_sentences(
    question: str, text: str, sources: Sequence[Source]
) -> tuple[CheckedSentence, ...] | None:
    """Return the cited lines of an answer about the collection; None for any other answer.

    Its other lines are from the catalog, which no passage can support.
    """
    is_one = collection_question(question) or listing_question(question, date.max)
    if is_one is None or not _FIRST_LINE.match(text):
        return None
    by_number = {each.index: each for each in sources}
    return tuple(
        CheckedSentence(line[0], *line.span(), (_whole_quote(by_number[int(line[1])]),))
        for line in _LINE.finditer(text)
        if int(line[1]) in by_number
    )


def _whole_quote(source: Source) -> Citation:
    start = source.text.index(source.quote)
    return Citation(source, start, start + len(source.quote))


def _documents(count: int) -> str:
    return f"{count} document" if count == 1 else f"{count} documents"
