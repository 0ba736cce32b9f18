"""Answers questions about the collection from its catalog and its keyword index, completely."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from carrel.core.access import Principal
from carrel.core.chat import Scope
from carrel.core.documents import (
    Chunk,
    Collection,
    DocumentRecord,
    DocumentStatus,
    RetrievedChunk,
    Source,
)
from carrel.core.indexed_text import compatible
from carrel.core.protocols.adapters import Catalog, KeywordIndex
from carrel.services.chat.collection_listing import counted, extreme, listed, matching, quoted
from carrel.services.chat.collection_questions import Count, Mention, collection_question
from carrel.services.chat.listing_questions import Listing, listing_question
from carrel.services.collections import CollectionService
from carrel.services.text.search_words import with_search_words
from carrel.services.text.words import character_pairs

BATCH = 1000
"""Passages that are read at a time."""


@dataclass(frozen=True, slots=True)
class CollectionAnswer:
    """The text of an answer, and the passages and sources of the documents that it quotes."""

    text: str
    passages: tuple[RetrievedChunk, ...] = ()
    sources: tuple[Source, ...] = ()


class CollectionAnswers:
    """Lists the documents that mention a thing, and counts documents. No model is used."""

    def __init__(
        self, catalog: Catalog, keywords: KeywordIndex, collections: CollectionService
    ) -> None:
        self._catalog = catalog
        self._keywords = keywords
        self._collections = collections

    async def answer(
        self, question: str, scope: Scope, principal: Principal
    ) -> CollectionAnswer | None:
        """Return the answer; None if the question has to be searched for: it is not about the
        collection, nothing contains its words as they are written, or a document is unknown.

        Raises:
            CollectionNotFound: a collection that the account may not read.
        """
        today = datetime.now(UTC).date()
        asked = collection_question(question) or listing_question(question, today)
        if asked is None:
            return None
        names = dict.fromkeys(scope.collections)
        collections = [await self._collections.get(name, principal) for name in names]
        return await asyncio.to_thread(self._answer, asked, scope, collections)

    def _answer(
        self, asked: Mention | Count | Listing, scope: Scope, collections: Sequence[Collection]
    ) -> CollectionAnswer | None:
        chosen = set(scope.document_ids)
        records = {
            record.id: (record, collection)
            for collection in collections
            for record in self._catalog.documents(collection.id)
            if record.status is DocumentStatus.READY and (not chosen or record.id in chosen)
        }
        if not chosen <= records.keys():
            return None
        if isinstance(asked, Count):
            return CollectionAnswer(counted([record.name for record, _ in records.values()]))
        if isinstance(asked, Listing):
            return _listing(asked, [record for record, _ in records.values()])
        found = self._mentions(asked.thing, records, collections)
        if not found:
            return None
        text, sources = listed(asked.thing, found, len(records)), quoted(asked.thing, found)
        return CollectionAnswer(text, tuple(found[: len(sources)]), sources)

    def _mentions(
        self,
        thing: str,
        records: dict[str, tuple[DocumentRecord, Collection]],
        collections: Sequence[Collection],
    ) -> list[RetrievedChunk]:
        """Return the first passage of each document with the words as they are written, by name."""
        said = phrase_pattern(thing)
        first: dict[str, Chunk] = {}
        for chunk in self._with_words(thing, collections):
            if chunk.document_id not in records:
                continue
            earlier = first.get(chunk.document_id)
            if earlier is not None and earlier.start <= chunk.start:
                continue
            if any(said.search(compatible(text)) for text in (chunk.text, chunk.heading or "")):
                first[chunk.document_id] = chunk
        passages = [
            RetrievedChunk(chunk, records[document][0].name, records[document][1].name, 1.0)
            for document, chunk in first.items()
        ]
        return sorted(passages, key=lambda each: each.document_name)

    def _with_words(self, thing: str, collections: Sequence[Collection]) -> Iterator[Chunk]:
        """Yield all passages with any of the words."""
        for collection in collections:
            every = self._keywords.count(collection.id)
            found = self._keywords.search(collection.id, with_search_words(thing), every)
            ids = [chunk_id for chunk_id, _ in found]
            for start in range(0, len(ids), BATCH):
                yield from self._catalog.chunks(ids[start : start + BATCH]).values()


def _listing(asked: Listing, records: Sequence[DocumentRecord]) -> CollectionAnswer | None:
    """Return the list; None if no document is by the author, in the folder, or of the date.

    The question may be about the contents then.
    """
    found = [each for each in records if asked.filter.matches(each)]
    if not found and (asked.extreme or any(each.key != "type" for each in asked.filter.terms)):
        return None
    if asked.extreme is not None:
        return CollectionAnswer(extreme(asked.extreme, found))
    return CollectionAnswer(matching(asked, found, len(records)))


def phrase_pattern(thing: str) -> re.Pattern[str]:
    """Return the pattern of a phrase: any case and spaces, no letter or digit beside it.

    A script without spaces has no borders of words.
    """
    parts = compatible(thing).split()
    phrase = r"\s+".join(map(re.escape, parts))
    before = "" if character_pairs(parts[0][0]) else r"(?<![^\W_])"
    after = "" if character_pairs(parts[-1][-1]) else r"(?![^\W_])"
    return re.compile(f"{before}{phrase}{after}", re.IGNORECASE)
