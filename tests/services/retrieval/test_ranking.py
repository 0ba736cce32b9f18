"""The order of what the two searches found."""

import pytest

from carrel.core.documents import Chunk, RetrievedChunk
from carrel.services.chat.abstention import LEAST_EVIDENCE
from carrel.services.retrieval.ranking import cosines, name_matches, ranked
from carrel.settings.document_settings import BUNDLED


def found(
    text: str, cosine: float = 0.5, heading: str | None = None, name: str = "a.txt"
) -> RetrievedChunk:
    """A chunk with its cosine as its score."""
    return RetrievedChunk(Chunk(text, "d", 0, text, heading=heading), name, "UserData", cosine)


def test_what_only_its_words_found_has_the_lowest_cosine() -> None:
    scores = cosines([("a", 0.9), ("b", 0.4)], [("c", 11.0), ("b", 7.0)])
    assert scores == {"a": 0.9, "b": 0.4, "c": 0.4}
    assert cosines([], [("a", 3.0)]) == {"a": 0.0}


def test_among_equal_cosines_the_words_decide() -> None:
    order = ranked("Where is the harbour?", [found("The mill is old."), found("The harbour.")])
    assert order[0].chunk.text == "The harbour."


def test_a_heading_says_what_a_table_is() -> None:
    table = "Accounts payable 302 255"
    order = ranked(
        "accounts payable of the balance sheet",
        [
            found(f"{table} 1", heading="Notes"),
            found(f"{table} 2", heading="Consolidated Balance Sheets"),
        ],
    )
    assert order[0].chunk.heading == "Consolidated Balance Sheets"


def test_scores_are_between_zero_and_one_and_fall() -> None:
    question = "harbour mill"
    chunks = [found("harbour mill", 1.0, "harbour mill", "harbour mill.txt"), found("x", -0.4)]
    scores = [
        each.score for each in ranked(question, [*chunks, found("the mill", 0.2, name="b.md")])
    ]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == pytest.approx(1.0)
    assert scores[-1] == 0


def test_a_name_written_as_one_word_is_recognised() -> None:
    names = ["FOOTLOCKER_2022_8K.pdf", "FOOTLOCKER_2021_10K.pdf", "NIKE_2022_10K.pdf"]
    matches = name_matches("Does Foot Locker's new CEO in FY22 have experience?", names)
    assert matches["FOOTLOCKER_2022_8K.pdf"] == 1
    assert matches["FOOTLOCKER_2022_8K.pdf"] > matches["FOOTLOCKER_2021_10K.pdf"] > 0
    assert 0 < matches["NIKE_2022_10K.pdf"] < 1


def test_what_all_names_share_says_nothing() -> None:
    assert name_matches("the report", ["report 1.txt", "report 2.txt"]) == {
        "report 1.txt": 0,
        "report 2.txt": 0,
    }
    assert name_matches("the report", ["report.txt"]) == {"report.txt": 0}
    assert name_matches("anything", []) == {}


def test_the_cosine_of_another_language_counts_for_what_shares_no_word() -> None:
    near = found("Um den Leuchtturm kümmert sich eine Wärterin aus dem Dorf.", 0.45)
    far = found("Der Umsatz stieg im vergangenen Jahr um vier Prozent.", 0.2)
    multilingual = {near.chunk.id, far.chunk.id}
    order = ranked("Who looks after the lighthouse?", [far, near], {"en"}, multilingual)
    assert [each.chunk.text for each in order] == [near.chunk.text, far.chunk.text]
    assert order[0].evidence > LEAST_EVIDENCE[BUNDLED] > order[1].evidence


def test_words_count_beside_the_cosine_of_the_multilingual_embedder() -> None:
    said = found("Das Netz in Bergen kostete 40 Millionen Euro.", 0.3)
    other = found("Das Netz in Lund kostete 12 Millionen Euro.", 0.32)
    multilingual = {said.chunk.id, other.chunk.id}
    question = "Wie viel kostete das Netz in Bergen?"
    assert ranked(question, [other, said], {"en"}, multilingual)[0].chunk.text == said.chunk.text
