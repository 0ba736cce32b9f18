"""What comes of a question."""

from __future__ import annotations

from carrel.core.chat import (
    Finished,
    FinishReason,
    PassagesFound,
    SourcesCited,
    Stage,
    StageChanged,
    TextDelta,
    Usage,
)
from carrel.core.documents import Source
from carrel.ui.exchange import Exchange

FINISHED = Finished(FinishReason.STOP, Usage(1, 2), "m")
SOURCE = Source(1, "a.pdf", "d", "UserData", 1, 1.0, "text", "text")


def test_events_build_the_answer() -> None:
    exchange = Exchange("q")
    exchange.apply(StageChanged(Stage.READING_DOCUMENTS))
    assert exchange.stage is Stage.READING_DOCUMENTS
    exchange.apply(PassagesFound(()))
    exchange.apply(StageChanged(Stage.WRITING))
    exchange.apply(TextDelta("one "))
    exchange.apply(TextDelta("two"))
    exchange.apply(SourcesCited((SOURCE,)))
    assert exchange.stage is Stage.WRITING
    exchange.apply(FINISHED)
    assert (exchange.text, exchange.sources, exchange.passages) == ("one two", (SOURCE,), 0)
    assert (exchange.stage, exchange.finished) == (None, FINISHED)


def test_an_answer_that_was_finished_is_not_stopped() -> None:
    exchange = Exchange("q", finished=FINISHED)
    exchange.stop()
    assert not exchange.stopped


def test_an_answer_in_work_can_be_stopped() -> None:
    exchange = Exchange("q", "half", stage=Stage.WRITING)
    exchange.stop()
    assert exchange.stopped
    assert exchange.stage is None


def test_a_failure_keeps_the_text() -> None:
    exchange = Exchange("q", "half", stage=Stage.WRITING)
    exchange.fail("The model stopped working.")
    assert (exchange.text, exchange.error, exchange.stage) == (
        "half",
        "The model stopped working.",
        None,
    )
