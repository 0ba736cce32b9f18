"""Questions whose answer is computed from a whole table, of which a search finds only parts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from carrel.core.chat import AnswerStyle
from carrel.core.documents import Chunk, RetrievedChunk
from carrel.core.protocols.adapters import Catalog
from carrel.services.chat.extractive_qa import READ_CHUNKS, rendered
from carrel.services.chat.relevance import Passage
from carrel.services.retrieval.named_files import names_said
from carrel.services.tables.calculation import SHOWN_ROWS, asks_for_calculation, calculated
from carrel.services.tables.row_text import Row, rows_of
from carrel.services.text.reading_order import without_overlaps

MOST_CHUNKS = 2000
"""Of a document; a table in a larger one is not computed."""


@dataclass(frozen=True, slots=True)
class TableAnswer:
    """A computed answer, and the chunks that hold the rows it quotes, in the order of sources."""

    text: str
    chunks: tuple[RetrievedChunk, ...]

    def before(self, found: Sequence[RetrievedChunk]) -> list[RetrievedChunk]:
        """Return the chunks of the answer, then the others found, in all as many as were found."""
        own = {each.chunk.id for each in self.chunks}
        others = [each for each in found if each.chunk.id not in own]
        return [*self.chunks, *others[: max(0, len(found) - len(self.chunks))]]


class TableQuestions:
    """Computes answers from the tables of the best passages."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    async def answer(
        self, question: str, found: Sequence[RetrievedChunk], style: AnswerStyle
    ) -> TableAnswer | None:
        """Return the answer; None if the question asks for none, or no table has it."""
        if not asks_for_calculation(question):
            return None
        return await asyncio.to_thread(self._answer, question, found[:READ_CHUNKS], style)

    def _answer(
        self, question: str, found: Sequence[RetrievedChunk], style: AnswerStyle
    ) -> TableAnswer | None:
        tables = {
            (each.chunk.document_id, each.chunk.page, head): each
            for each in reversed(found)
            for head in dict.fromkeys(
                row.heads[0] for row in rows_of(each.chunk.text) if any(row.heads)
            )
        }
        said = names_said(question, {each.document_name for each in tables.values()})
        for (_, _, head), each in reversed(tables.items()):
            is_only = len(tables) == 1 or each.document_name in said
            answer = self._computed(question, each, head, style, is_only_table=is_only)
            if answer is not None:
                return answer
        return None

    def _computed(
        self,
        question: str,
        source: RetrievedChunk,
        head: str,
        style: AnswerStyle,
        *,
        is_only_table: bool,
    ) -> TableAnswer | None:
        """Return what the table gives whose rows begin with a column of this head."""
        chunks = self._catalog.document_chunks(source.chunk.document_id)
        if len(chunks) > MOST_CHUNKS:
            return None
        page = [each for each in chunks if each.page == source.chunk.page]
        rows: list[Row] = []
        for chunk in without_overlaps(page):
            rows += [row for row in rows_of(chunk.text) if row.heads[0] == head and any(row.heads)]
        around = f"{source.document_name} {source.chunk.heading or ''}"
        result = calculated(question, rows, around, is_only_table=is_only_table)
        if result is None:
            return None
        return _quoted(result.text, result.rows[:SHOWN_ROWS], page, source, style)


def _quoted(
    words: str,
    rows: Sequence[Row],
    page: Sequence[Chunk],
    source: RetrievedChunk,
    style: AnswerStyle,
) -> TableAnswer | None:
    """Return the answer with its rows, and the chunks that hold them as its first sources."""
    sources: dict[str, RetrievedChunk] = {}
    passages: list[Passage] = []
    for row in rows:
        chunk = next((each for each in page if row.text in each.text.split("\n")), None)
        if chunk is None:
            return None
        sources.setdefault(chunk.id, replace(source, chunk=chunk))
        start = chunk.text.index(row.text)
        number = [*sources].index(chunk.id) + 1
        passages.append(Passage(row.text, number, start, start + len(row.text), row))
    return TableAnswer(rendered(words, passages, style), tuple(sources.values()))
