"""What comes of a question."""

from __future__ import annotations

from carrel.core.chat import (
    AnswerScored,
    Finished,
    FinishReason,
    PassagesFound,
    QueryRewritten,
    SourcesCited,
    Stage,
    StageChanged,
    TextDelta,
    Usage,
)
from carrel.core.citations import CheckedSentence
from carrel.core.conversations import Ending
from carrel.core.documents import Source
from carrel.ui.state.exchange import Exchange

FINISHED = Finished(FinishReason.STOP, Usage(1, 2), "m")
SOURCE = Source(1, "a.pdf", "d", "UserData", 1, 1.0, "text", "text")


def test_events_build_the_answer() -> None:
    exchange = Exchange("q")
    exchange.apply(StageChanged(Stage.READING_DOCUMENTS))
    assert exchange.stage is Stage.READING_DOCUMENTS
    exchange.apply(QueryRewritten("the whole q"))
    exchange.apply(PassagesFound(()))
    exchange.apply(StageChanged(Stage.WRITING))
    exchange.apply(TextDelta("one "))
    exchange.apply(TextDelta("two"))
    exchange.apply(SourcesCited((SOURCE,)))
    assert exchange.stage is Stage.WRITING
    exchange.apply(StageChanged(Stage.SCORING))
    exchange.apply(AnswerScored(0.5, "reward"))
    assert exchange.scored == AnswerScored(0.5, "reward")
    exchange.apply(FINISHED)
    assert (exchange.text, exchange.sources, exchange.passages) == ("one two", (SOURCE,), 0)
    assert (exchange.stage, exchange.finished) == (None, FINISHED)
    assert exchange.search_query == "the whole q"


def test_an_answer_that_was_finished_is_not_stopped() -> None:
    exchange = Exchange("q", finished=FINISHED)
    exchange.stop()
    assert not exchange.stopped


def test_an_answer_in_work_can_be_stopped() -> None:
    exchange = Exchange("q", "half", stage=Stage.WRITING)
    exchange.stop()
    assert exchange.stopped
    assert exchange.stage is None


def test_an_answer_stopped_while_it_was_scored_is_whole() -> None:
    exchange = Exchange("q", "all", stage=Stage.SCORING)
    exchange.stop()
    assert (exchange.stopped, exchange.stage) == (False, None)


def test_the_place_in_line_is_kept_while_it_waits() -> None:
    exchange = Exchange("q")
    exchange.apply(StageChanged(Stage.WAITING, 3))
    assert (exchange.stage, exchange.position) == (Stage.WAITING, 3)
    exchange.apply(StageChanged(Stage.WRITING))
    assert exchange.position is None


def test_a_failure_keeps_the_text() -> None:
    exchange = Exchange("q", "half", stage=Stage.WRITING)
    exchange.fail("The model stopped working.")
    assert (exchange.text, exchange.error, exchange.stage) == (
        "half",
        "The model stopped working.",
        None,
    )


def test_a_cut_answer_can_resume_without_half_a_character() -> None:
    checked = (CheckedSentence("One.", 0, 4, ()), CheckedSentence("Two", 5, 8, ()))
    exchange = Exchange("q", "One. Two\ufffd", (SOURCE,), sentences=checked, finished=FINISHED)
    assert not exchange.is_cut
    exchange.cut = Ending.LENGTH
    assert exchange.is_cut
    exchange.resume()
    assert (exchange.text, exchange.sentences) == ("One. Two", checked[:1])
    assert (exchange.stage, exchange.cut, exchange.finished) == (Stage.WAITING, None, None)
    assert [each.chunk.text for each in exchange.found] == ["text"]
    assert not exchange.is_cut
    assert not exchange.settled.is_set()
