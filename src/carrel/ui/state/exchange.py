"""State of one question and its answer."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, field
from functools import lru_cache

from carrel.core.chat import (
    Abstained,
    AnswerScored,
    Finished,
    FinishReason,
    PassagesFound,
    QueryRewritten,
    Role,
    SentenceChecked,
    SourcesCited,
    Stage,
    StageChanged,
    TextDelta,
)
from carrel.core.citations import CheckedSentence
from carrel.core.conversations import Ending, SavedTurn
from carrel.core.document_tasks import DocumentTask
from carrel.core.documents import RetrievedChunk, Source
from carrel.core.summaries import Extracted, SummarizationProgress, SummarizationStyle, Summarized
from carrel.services.chat.collection_listing import listed_sentences
from carrel.services.citations.attribution import check, complete_until
from carrel.services.citations.citing import passages_of
from carrel.services.document_tasks import TaskEvent
from carrel.services.history.history import Chat

CUT = {FinishReason.LENGTH: Ending.LENGTH, FinishReason.TIME: Ending.TIME}


def _new_key() -> str:
    return uuid.uuid4().hex


def _set() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@lru_cache(maxsize=1024)
def _checked(question: str, text: str, sources: tuple[Source, ...]) -> tuple[CheckedSentence, ...]:
    """Return the sentences of an answer; cached, because versions share most of them."""
    of_list = listed_sentences(question, text, sources)
    return tuple(check(question, text, sources)) if of_list is None else of_list


@dataclass(slots=True)
class Exchange:
    """A question with its answer, or a ``task`` with its result.

    ``progress`` is that of reading documents for a task, ``style`` how its text was made, and
    ``left_out`` how many facts were dropped because no document says them.

    ``stage`` is set while the answer is running, and ``position`` (from 1) while it is queued.
    ``error`` is the one line to show if it failed, possibly after a part of its text. ``whole``
    says that its sources are everything in scope. ``sentences`` are those of the text, once
    attributed. ``search_query`` is the query if it differs from the question. ``abstained`` says
    that the documents do not answer it.

    ``cut`` is the limit that ended the answer. ``turn`` and ``last`` are the ids of the saved
    question and its answer, ``versions`` those of the questions at this place of the chat, the
    oldest first. ``settled`` is false while it may still be saved. ``model`` is the answering one
    if known, ``found`` its passages. ``key`` identifies the exchange to the page's script, even if
    the same question is asked again.
    """

    question: str
    text: str = ""
    sources: tuple[Source, ...] = ()
    stage: Stage | None = None
    position: int | None = None
    scored: AnswerScored | None = None
    finished: Finished | None = None
    stopped: bool = False
    error: str | None = None
    passages: int | None = None
    whole: bool = False
    sentences: tuple[CheckedSentence, ...] = ()
    search_query: str | None = None
    abstained: bool = False
    cut: Ending | None = None
    task: DocumentTask | None = None
    progress: SummarizationProgress | None = None
    style: SummarizationStyle | None = None
    left_out: int = 0
    turn: int | None = None
    last: int | None = None
    versions: tuple[int, ...] = ()
    model: str | None = None
    found: tuple[RetrievedChunk, ...] = ()
    settled: asyncio.Event = field(default_factory=_set, compare=False, repr=False)
    key: str = field(default_factory=_new_key, compare=False, repr=False)

    @property
    def is_answered(self) -> bool:
        """Whether there is anything to save; a search has sources and no text."""
        return bool(self.text or self.sources)

    @property
    def ending(self) -> Ending:
        """How the answer ended."""
        if self.error is not None:
            return Ending.FAILED
        return Ending.STOPPED if self.stopped else self.cut or Ending.DONE

    @property
    def is_cut(self) -> bool:
        """Whether the answer has ended before the model was done."""
        unfinished = self.ending in (Ending.STOPPED, *CUT.values()) and not self.abstained
        return self.stage is None and unfinished and bool(self.text)

    def resume(self) -> None:
        """Resume at the end of the answer; its text is kept, except an incomplete character."""
        self.text = self.text.rstrip("\ufffd")
        self.stage, self.stopped, self.cut = Stage.WAITING, False, None
        self.finished, self.scored = None, None
        complete = complete_until(self.text)
        self.sentences = tuple(each for each in self.sentences if each.end <= complete)
        self.found = passages_of(self.sources)
        self.settled.clear()

    def recall(self, answer: SavedTurn) -> None:
        """Restore the saved answer; its sentences are attributed again."""
        self.text, self.sources = answer.message.content, answer.sources
        self.abstained, self.error, self.last = answer.abstained, answer.error, answer.id or None
        self.model = answer.model
        self.stopped = answer.ending is Ending.STOPPED
        self.cut = answer.ending if answer.ending in CUT.values() else None
        self.sentences = _checked(self.question, self.text, self.sources)

    def apply(self, event: TaskEvent) -> None:
        """Process the next event of the answer."""
        match event:
            case StageChanged(stage, position):
                self.stage, self.position = stage, position
            case Abstained():
                self.abstained = True
            case QueryRewritten(query):
                self.search_query = query
            case PassagesFound(chunks, whole):
                self.passages, self.whole, self.found = len(chunks), whole, chunks
            case TextDelta(text):
                self.text += text
            case SentenceChecked(sentence):
                self.sentences += (sentence,)
            case SourcesCited(sources, sentences):
                self.sources, self.sentences = sources, sentences
            case SummarizationProgress():
                self.progress = event
            case Summarized(style=style):
                self.style = style
            case Extracted(style=style, unsupported=unsupported):
                self.style, self.left_out = style, unsupported
            case AnswerScored():
                self.scored = event
            case Finished():
                self.finished, self.model = event, event.model or None
                self.cut = CUT.get(event.reason)
                self.stage = None

    def stop(self) -> None:
        """The user stopped the answer; while it was being scored, only the score is missing."""
        self.stopped = self.finished is None and self.stage is not Stage.SCORING
        self.stage = None

    def fail(self, reason: str) -> None:
        """The answer failed."""
        self.stage = None
        self.error = reason


def recalled(chat: Chat) -> list[Exchange]:
    """Return the shown version of a saved chat; answers without a question are skipped."""
    exchanges: list[Exchange] = []
    for turn in chat.shown:
        if turn.message.role is Role.USER:
            versions = tuple(
                each.id
                for each in chat.turns
                if each.parent == turn.parent and each.message.role is Role.USER
            )
            exchanges.append(
                Exchange(
                    turn.message.content, task=turn.task, turn=turn.id or None, versions=versions
                )
            )
        elif turn.message.role is Role.ASSISTANT and exchanges:
            exchanges[-1].recall(turn)
    return exchanges
