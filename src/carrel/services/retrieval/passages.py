"""Turns ranked chunks into passages: deduplicated, merged, diversified. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from carrel.core.documents import Chunk, RetrievedChunk
from carrel.services.text.words import WordForm, words

SHINGLE = 4
"""Words per shingle (Broder, On the resemblance of documents, 1997)."""

SAME_SHARE = 0.8
"""Share of common shingles that makes passages duplicates, if their numbers are equal."""

LONGEST_JOINED = 1400
"""Maximum characters of a passage made of neighbours."""

LONGEST_GAP = 2
"""Maximum white space between two neighbours, in characters; a longer gap may hide a chunk."""


def deduplicate(found: Iterable[RetrievedChunk]) -> list[RetrievedChunk]:
    """Return the passages without duplicates of earlier ones.

    Reports of two years are worded alike: with another number it is another passage.
    """
    kept: list[RetrievedChunk] = []
    prints: list[tuple[frozenset[str], frozenset[tuple[str, ...]]]] = []
    for each in found:
        own = words(each.chunk.text, WordForm.PLAIN)
        numbers = frozenset(word for word in own if any(map(str.isdigit, word)))
        rows = (own[at:] for at in range(min(SHINGLE, len(own))))
        shingles = frozenset(zip(*rows, strict=False))
        if any(numbers == seen and _same(shingles, other) for seen, other in prints):
            continue
        prints.append((numbers, shingles))
        kept.append(each)
    return kept


def _same(first: frozenset[tuple[str, ...]], second: frozenset[tuple[str, ...]]) -> bool:
    larger = max(len(first), len(second))
    return len(first & second) >= SAME_SHARE * larger if larger else first == second


def merge_adjacent(
    found: Sequence[RetrievedChunk], longest: int = LONGEST_JOINED
) -> list[RetrievedChunk]:
    """Return the passages with neighbours merged, at the rank and with the score of the better.

    The overlap of two chunks is kept once. Offsets in the joined text remain offsets in the page:
    white space between the chunks is replaced by line breaks. Merging does not make a passage
    longer than ``longest`` characters.
    """
    kept: list[RetrievedChunk] = []
    lasts: list[int] = []
    for each in found:
        for place, other in enumerate(kept):
            both = _both(other.chunk, lasts[place], each.chunk)
            if other.collection == each.collection and both and len(both.text) <= longest:
                kept[place] = replace(
                    other, chunk=both, evidence=max(other.evidence, each.evidence)
                )
                lasts[place] = max(lasts[place], each.chunk.ordinal)
                break
        else:
            kept.append(each)
            lasts.append(each.chunk.ordinal)
    return kept


def diversify(found: Sequence[RetrievedChunk]) -> list[RetrievedChunk]:
    """Return the passages with the best one of each page first, and then the others.

    Otherwise second and third passages of one page would displace those of other pages, which may
    contain the answer.
    """
    first: list[RetrievedChunk] = []
    further: list[RetrievedChunk] = []
    pages: set[tuple[str, int]] = set()
    for each in found:
        page = (each.chunk.document_id, each.chunk.page) if each.chunk.page is not None else None
        (further if page in pages else first).append(each)
        if page is not None:
            pages.add(page)
    return [*first, *further]


def _both(one: Chunk, last: int, other: Chunk) -> Chunk | None:
    """Return the joined text of two neighbours in one section, None if they are not neighbours.

    ``one`` may be several chunks already, up to the ordinal ``last``.
    """
    first, second = sorted((one, other), key=lambda each: each.ordinal)
    last = last if first is one else other.ordinal
    if (first.document_id, first.page, first.heading) != (
        second.document_id,
        second.page,
        second.heading,
    ):
        return None
    gap = second.start - first.end
    if not first.start < second.start < second.end or gap > LONGEST_GAP or second.end <= first.end:
        return None
    if gap > 0 and second.ordinal != last + 1:
        # The text between them belongs to another chunk.
        return None
    text = first.text + ("\n" * gap + second.text if gap >= 0 else second.text[-gap:])
    return Chunk(
        one.id,
        first.document_id,
        first.ordinal,
        text,
        first.page,
        first.heading,
        first.start,
        second.end,
    )
