"""Map-reduce summary: of each part, then of these summaries until one is left."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from carrel.core.chat import Finished, FinishReason, SamplingParams, TextDelta
from carrel.core.documents import Chunk
from carrel.core.errors import GenerationFailed
from carrel.core.summaries import (
    SummarizationProgress,
    SummarizationStyle,
    Summarized,
    SummaryEvent,
    SummaryPart,
)
from carrel.services.summaries.document_parts import Count, Part, planned_parts
from carrel.services.summaries.parallel_texts import Prompt, Writer
from carrel.services.summaries.progress_clock import ProgressClock
from carrel.services.summaries.summary_prompts import joining_prompt, pages_text, part_prompt
from carrel.services.summaries.token_budget import TokenBudget
from carrel.services.text.reading_order import DocumentText


@dataclass(frozen=True, slots=True)
class WritingPlan:
    """Inputs of a written summary: ``sampling`` is that of the final text.

    ``part_tokens`` limits one prompt's text; None means that only the context does.
    """

    writer: Writer
    sampling: SamplingParams
    count: Count
    focus: str = ""
    part_tokens: int | None = None


async def map_reduce_summary(
    documents: Sequence[DocumentText], plan: WritingPlan
) -> AsyncGenerator[SummaryEvent]:
    """Yield progress, the deltas of the final text, and last the whole.

    Closing the generator stops the model.

    Raises:
        PromptTooLong: the focus leaves no tokens for the text.
        GenerationFailed, RemoteUnavailable: the model failed, or wrote nothing.
    """
    budget = await _budget(documents, plan)
    most = min(budget.read, plan.part_tokens or budget.read)
    parts = await planned_parts(documents, most, plan.count)
    prompts = [part_prompt(each, plan.focus) for each in parts]
    made: list[SummaryPart] = []
    level = 1
    while len(prompts) > 1:
        texts = [""] * len(prompts)
        async with aclosing(_level(level, prompts, texts, plan, budget)) as steps:
            async for progress in steps:
                yield progress
        if not made:
            made = [_summary(*each) for each in zip(parts, texts, strict=True)]
            texts = [f"{each.document}{pages_text(each.pages)}: {each.text}" for each in made]
        prompts = await _joining(texts, plan, budget)
        level += 1
    async with aclosing(_last(level, prompts[0], plan)) as events:
        async for event in events:
            if not isinstance(event, Summarized):
                yield event
                continue
            made = made or [_summary(parts[0], event.text)]
            yield replace(event, parts=tuple(made))


async def _budget(documents: Sequence[DocumentText], plan: WritingPlan) -> TokenBudget:
    budget = await TokenBudget.of(
        plan.writer.engine,
        lambda part: part_prompt(part, plan.focus),
        max((each.name for each in documents), key=len),
        plan.sampling.max_new_tokens,
    )
    # Two summaries must fit into one prompt, or joining them would never end.
    return replace(budget, written=min(budget.written, budget.read // 3))


async def _level(
    level: int,
    prompts: Sequence[Prompt],
    texts: list[str],
    plan: WritingPlan,
    budget: TokenBudget,
) -> AsyncGenerator[SummarizationProgress]:
    """Generate one text for each prompt into its place of ``texts``."""
    clock = ProgressClock(level, len(prompts))
    yield clock.progress()
    sampling = replace(plan.sampling, max_new_tokens=budget.written)
    async with aclosing(plan.writer.write_all(prompts, sampling)) as written:
        async for each in written:
            texts[each.index] = each.text
            yield clock.advance()


async def _joining(texts: Sequence[str], plan: WritingPlan, budget: TokenBudget) -> list[Prompt]:
    """Return the prompts that join the texts, as many in each as fit, and fewer than before."""
    # Texts are grouped like chunks; name and pages have no meaning here.
    chunks = tuple(Chunk("", "", index, text) for index, text in enumerate(texts) if text)
    if not chunks:
        raise GenerationFailed(
            f"{plan.writer.engine.info.name} wrote nothing about the documents: try another model, "
            "or --summary_style=excerpts."
        )
    groups = await planned_parts([DocumentText("", "", chunks)], budget.read, plan.count)
    if len(groups) >= len(texts) > 1:
        raise GenerationFailed(
            f"{plan.writer.engine.info.name} wrote longer summaries than it was asked for, and "
            "they cannot be joined: try another model, or --summary_style=excerpts."
        )
    return [joining_prompt(each.text, plan.focus) for each in groups]


async def _last(level: int, prompt: Prompt, plan: WritingPlan) -> AsyncGenerator[SummaryEvent]:
    """Yield the text of the last prompt, and the summary without its parts."""
    clock = ProgressClock(level, 1)
    yield clock.progress()
    text: list[str] = []
    cut, model = False, ""
    async with aclosing(plan.writer.write(prompt, plan.sampling)) as events:
        async for event in events:
            if isinstance(event, Finished):
                cut, model = event.reason is not FinishReason.STOP, event.model
            else:
                text.append(event.text)
                yield TextDelta(event.text)
    yield clock.advance()
    whole = "".join(text).strip()
    yield Summarized(whole, (), SummarizationStyle.WRITTEN, model, cut)


def _summary(part: Part, text: str) -> SummaryPart:
    return SummaryPart(part.document, part.document_id, part.pages, text)
