"""The text of answers about the collection, and what their lines cite. Pure functions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from carrel.core.citations import CheckedSentence, Citation
from carrel.core.documents import RetrievedChunk, Source
from carrel.services.chat.collection_questions import collection_question
from carrel.services.citations.citing import cite

MOST_SOURCES = 20
"""Documents that are quoted; all are listed."""

_FIRST_LINE = re.compile(
    r"\d+ of \d+ documents? mentions? “|There are none\.|There (?:is|are) \d+ doc"
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


def quoted(thing: str, found: Sequence[RetrievedChunk]) -> tuple[Source, ...]:
    """Return the sources of a list, each with the sentence that mentions the thing."""
    return tuple(replace(each, used=True) for each in cite("", thing, found[:MOST_SOURCES]))


def listed_sentences(
    question: str, text: str, sources: Sequence[Source]
) -> tuple[CheckedSentence, ...] | None:
    """Return the cited lines of an answer about the collection; None for any other answer.

    Its other lines are from the catalog, which no passage can support.
    """
    if not _FIRST_LINE.match(text) or collection_question(question) is None:
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
