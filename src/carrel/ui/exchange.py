"""One question and what has come of it so far."""

from __future__ import annotations

from dataclasses import dataclass

from carrel.core.chat import (
    ChatEvent,
    Finished,
    PassagesFound,
    SourcesCited,
    Stage,
    StageChanged,
    TextDelta,
)
from carrel.core.documents import Source


@dataclass(slots=True)
class Exchange:
    """A question with its answer.

    ``stage`` is set while the answer is in work. ``error`` is the one line to show when it
    failed; an answer may fail after part of its text came.
    """

    question: str
    text: str = ""
    sources: tuple[Source, ...] = ()
    stage: Stage | None = None
    finished: Finished | None = None
    stopped: bool = False
    error: str | None = None
    passages: int | None = None

    def apply(self, event: ChatEvent) -> None:
        """Take in the next event of the answer."""
        match event:
            case StageChanged(stage):
                self.stage = stage
            case PassagesFound(chunks):
                self.passages = len(chunks)
            case TextDelta(text):
                self.text += text
            case SourcesCited(sources):
                self.sources = sources
            case Finished():
                self.finished = event
                self.stage = None

    def stop(self) -> None:
        """The user stopped the answer."""
        self.stage = None
        self.stopped = self.finished is None

    def fail(self, reason: str) -> None:
        """The answer failed."""
        self.stage = None
        self.error = reason
