"""Answers in the terminal: scope, streamed text, list of sources."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from carrel.cli.command import Invocation
from carrel.core.chat import (
    AnswerScored,
    AnswerStyle,
    ChatEvent,
    Finished,
    FinishReason,
    QueryRewritten,
    SamplingParams,
    Scope,
    SourcesCited,
    Stage,
    StageChanged,
    TextDelta,
)
from carrel.core.documents import Source
from carrel.settings.schema import LLM_MODE, Settings

STAGES = {
    Stage.READING_DOCUMENTS: "Reading documents…",
    Stage.WAITING: "Waiting for the model…",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer."""

    text: str
    sources: Sequence[Source]
    finished: Finished
    scored: AnswerScored | None = None
    search_query: str | None = None


def sampling_of(settings: Settings) -> SamplingParams:
    """Return the default sampling of the settings."""
    generation = settings.generation
    return SamplingParams(
        max_new_tokens=generation.max_new_tokens,
        temperature=generation.temperature,
        top_p=generation.top_p,
        repetition_penalty=generation.repetition_penalty,
    )


def scope_of(invocation: Invocation) -> Scope | None:
    """Return the scope of a command; None for ``LLM``, which means no documents."""
    if invocation.collection == LLM_MODE:
        return None
    documents = invocation.settings.documents
    return Scope(
        (invocation.collection,),
        invocation.document_ids,
        documents.top_k,
        style=AnswerStyle(documents.answer_style),
        filter=invocation.filter,
    )


def source_line(source: Source) -> str:
    """Return a source as ``[1] report.pdf, page 3: "quote"``."""
    page = f", page {source.page}" if source.page is not None else ""
    quote = " ".join(source.quote.split())
    return f'[{source.index}] {source.document}{page}: "{quote}"'


def source_lines(sources: Sequence[Source]) -> list[str]:
    """Return the cited sources, and the number of others; all sources if none is cited."""
    used = [each for each in sources if each.used]
    lines = [source_line(each) for each in used or sources]
    if used and len(used) < len(sources):
        lines.append(f"(not used: {len(sources) - len(used)})")
    return lines


def score_line(scored: AnswerScored) -> str:
    """Return an answer's score as ``Score 0.73 (NAME)``."""
    return f"Score {scored.score:.2f} ({scored.model})"


def stage_line(stage: Stage, position: int | None) -> str:
    """Return the stage of the answer, or its queue position; empty once text is streamed."""
    if stage is Stage.WAITING and position is not None:
        place = f"{position - 1} before you" if position > 1 else "you are next"
        return f"Waiting for the model, {place}…"
    return STAGES.get(stage, "")


async def stream_to_terminal(events: AsyncGenerator[ChatEvent], *, quiet: bool) -> Answer:
    """Print the text as it arrives, unless ``quiet``, and return the whole answer."""
    text: list[str] = []
    sources: Sequence[Source] = ()
    finished: Finished | None = None
    scored: AnswerScored | None = None
    search_query: str | None = None
    show_stage = sys.stderr.isatty() and not quiet
    async with aclosing(events):
        async for event in events:
            match event:
                case StageChanged(stage, position) if show_stage and not text:
                    state = stage_line(stage, position)
                    print(f"\r\x1b[2K{state}", end="", file=sys.stderr, flush=True)
                case TextDelta(delta):
                    text.append(delta)
                    if not quiet:
                        print(delta, end="", flush=True)
                case QueryRewritten(query):
                    search_query = query
                case SourcesCited(cited):
                    sources = cited
                case AnswerScored():
                    scored = event
                case Finished():
                    finished = event
                case _:
                    pass
    assert finished is not None, "an answer that does not fail ends with Finished"
    if not quiet:
        print()
        if finished.reason is not FinishReason.STOP:
            print(f"(cut: {finished.reason.value})", file=sys.stderr)
    return Answer("".join(text), sources, finished, scored, search_query)
