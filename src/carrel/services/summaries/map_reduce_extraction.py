"""Facts listed by the model, each with a verbatim quote."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from carrel.core.chat import JsonFormat
from carrel.core.documents import Chunk
from carrel.core.summaries import (
    Extracted,
    ExtractedItem,
    SummarizationProgress,
    SummarizationStyle,
)
from carrel.services.summaries.document_parts import Part, planned_parts
from carrel.services.summaries.map_reduce_summary import WritingPlan
from carrel.services.summaries.progress_clock import ProgressClock
from carrel.services.summaries.summary_prompts import extraction_prompt
from carrel.services.summaries.token_budget import TokenBudget
from carrel.services.text.reading_order import DocumentText
from carrel.services.text.sentences import sentences
from carrel.services.text.words import words

MOST_ITEMS = 20
"""Maximum facts of one part: stops a model that repeats itself."""

SUPPORT = 0.7
"""Minimum share of a quote's words in a sentence that replaces a quote which is not verbatim."""

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "items": {
            "type": "array",
            "maxItems": MOST_ITEMS,
            "items": {
                "type": "object",
                "properties": {
                    "text": {"type": "string", "minLength": 1, "maxLength": 300},
                    "quote": {"type": "string", "minLength": 1, "maxLength": 600},
                },
                "required": ["text", "quote"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["items"],
    "additionalProperties": False,
}


async def map_reduce_extraction(
    documents: Sequence[DocumentText], plan: WritingPlan
) -> AsyncGenerator[SummarizationProgress | Extracted]:
    """Yield progress, and last the facts that the model found and the documents contain.

    An item whose quote is nowhere in its part, not even reworded within one sentence, is dropped
    and counted. Closing the generator stops the model.

    Raises:
        UnsupportedParameter: the engine cannot enforce JSON; before anything is yielded.
        PromptTooLong: the focus leaves no tokens for the text.
        GenerationFailed, RemoteUnavailable: the model failed.
    """
    budget = await TokenBudget.of(
        plan.writer.engine,
        lambda part: extraction_prompt(part, plan.focus),
        max((each.name for each in documents), key=len),
        plan.sampling.max_new_tokens,
    )
    most = min(budget.read, plan.part_tokens or budget.read)
    parts = await planned_parts(documents, most, plan.count)
    sampling = replace(
        plan.sampling, max_new_tokens=budget.written, response_format=JsonFormat(SCHEMA)
    )
    prompts = [extraction_prompt(each, plan.focus) for each in parts]
    clock = ProgressClock(1, len(parts))
    answers = [""] * len(parts)
    async with aclosing(plan.writer.write_all(prompts, sampling)) as written:
        async for each in written:
            answers[each.index] = each.text
            yield clock.advance()
    yield _extracted(parts, answers, plan.writer.engine.info.name)


def _extracted(parts: Sequence[Part], answers: Sequence[str], model: str) -> Extracted:
    items: list[ExtractedItem] = []
    unsupported = 0
    for part, answer in zip(parts, answers, strict=True):
        for text, quote in listed(answer):
            item = supported(text, quote, part)
            if item is None:
                unsupported += 1
            else:
                items.append(item)
    return Extracted(
        tuple(without_duplicates(items)), SummarizationStyle.WRITTEN, model, unsupported
    )


def listed(answer: str) -> list[tuple[str, str]]:
    """Return text and quote of each item of an answer, even of a truncated one."""
    rest = answer.partition("[")[2]
    decoder = json.JSONDecoder()
    found: list[tuple[str, str]] = []
    position = rest.find("{")
    while position >= 0:
        try:
            item, end = decoder.raw_decode(rest, position)
        except ValueError:
            break
        found.append((str(item.get("text", "")).strip(), str(item.get("quote", "")).strip()))
        position = rest.find("{", end)
    return [each for each in found if all(each)]


def supported(text: str, quote: str, part: Part) -> ExtractedItem | None:
    """Return the item with a quote that is verbatim in a chunk; None if there is none."""
    found = _verbatim(quote, part) or _nearest(quote, part)
    if found is None:
        return None
    chunk, verbatim = found
    return ExtractedItem(text, part.document, part.document_id, chunk.page, verbatim)


def _verbatim(quote: str, part: Part) -> tuple[Chunk, str] | None:
    """Find a quote, ignoring white space and case."""
    pattern = re.compile(r"\s+".join(map(re.escape, quote.split())), re.IGNORECASE)
    for chunk in part.chunks:
        match = pattern.search(chunk.text)
        if match is not None:
            return chunk, match[0]
    return None


def _nearest(quote: str, part: Part) -> tuple[Chunk, str] | None:
    """Find the sentence with most words of a quote; it must contain the quote's numbers."""
    wanted = set(words(quote))
    numbers = {each for each in wanted if each[0].isdigit()}
    best: tuple[float, Chunk, str] | None = None
    for chunk in part.chunks:
        for sentence in sentences(chunk.text):
            own = set(words(sentence))
            share = len(own & wanted) / max(1, len(wanted))
            if share >= SUPPORT and numbers <= own and (best is None or share > best[0]):
                best = (share, chunk, sentence)
    return best[1:] if best is not None else None


def without_duplicates(items: Sequence[ExtractedItem]) -> list[ExtractedItem]:
    """Return the items without duplicates by text or quote; the first one is kept."""
    seen: set[tuple[str, ...]] = set()
    kept = []
    for each in items:
        text = tuple(words(each.text))
        quote = (each.document_id, *words(each.quote))
        if text not in seen and quote not in seen:
            kept.append(each)
        seen |= {text, quote}
    return kept
