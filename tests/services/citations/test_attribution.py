"""Each sentence of an answer is matched to what was given; quotes are verbatim."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.core.citations import Citation
from carrel.core.documents import Chunk, RetrievedChunk
from carrel.services.citations import attribution
from carrel.services.citations.attribution import Attribution, check, cite_answer
from carrel.services.citations.citing import cite

FERRIES = (
    "The Harbour Trust runs three ferries.\nTotal revenue was 18.4 million euros in 2023. "
    "Operating costs rose to 15.1 million euros because fuel became more expensive."
)
PIER = "The new pier at Kilbride costs 4.1 million euros. The board met in Oban on 4 May."


def retrieved(*texts: str) -> list[RetrievedChunk]:
    return [
        RetrievedChunk(Chunk(f"c{at}", f"d{at}", 3, text, 7, start=100), f"{at}.pdf", "U", 0.5)
        for at, text in enumerate(texts)
    ]


def supported(answer: str, question: str = "?") -> list[bool]:
    return [
        each.supported for each in cite_answer(question, answer, retrieved(FERRIES, PIER)).sentences
    ]


def test_each_sentence_cites_where_it_is() -> None:
    answer = "Revenue was 18.4 million euros. The pier at Kilbride costs 4.1 million euros."
    cited = cite_answer("What are the figures?", answer, retrieved(FERRIES, PIER))
    first, second = cited.sentences
    assert [answer[each.start : each.end] for each in cited.sentences] == [first.text, second.text]
    assert first.citations[0].source.index == 1
    assert first.citations[0].quote == "Total revenue was 18.4 million euros in 2023."
    assert second.citations[0].source.index == 2
    place = second.citations[0]
    assert (place.page_start, place.page_end) == (100 + place.start, 100 + place.end)
    assert place.quote == PIER[place.start : place.end]


def test_sources_that_no_sentence_cites_are_not_used_and_keep_their_number() -> None:
    cited = cite_answer("?", "The pier costs 4.1 million euros.", retrieved(FERRIES, PIER))
    assert [(each.index, each.used) for each in cited.sources] == [(1, False), (2, True)]
    assert cited.sources[1].quote == "The new pier at Kilbride costs 4.1 million euros."


@pytest.mark.parametrize(
    "answer",
    [
        "Revenue was 18.5 million euros.",
        "The new pier at Tobermory costs 4.1 million euros.",
        "Photosynthesis takes place in the chloroplasts of leaves.",
        "No idea.",
    ],
)
def test_another_number_another_name_and_another_matter_are_not_supported(answer: str) -> None:
    assert supported(answer) == [False]


def test_other_endings_and_ways_to_write_a_number_are_the_same_words() -> None:
    assert supported("The trust ran 3 ferries, and its operating cost rose.") == [True]


@pytest.mark.parametrize(
    "answer", ["2. **Revenue** was 18.4 million euros", "Revenue was 18.4 million euros [7]."]
)
def test_numbers_of_lists_and_of_sources_are_no_statement(answer: str) -> None:
    assert supported(answer) == [True]


def test_a_sentence_may_rest_on_two_sources() -> None:
    answer = "Operating costs rose to 15.1 million euros, and the pier costs 4.1 million euros."
    [sentence] = cite_answer("?", answer, retrieved(FERRIES, PIER)).sentences
    assert {each.source.index for each in sentence.citations} == {1, 2}


def test_of_equal_words_those_of_the_question_decide() -> None:
    texts = ("He was born in 1943.", "A court ruled in 1943.", "The engineer Tesla died in 1943.")
    cited = cite_answer("When did Tesla die?", "1943", retrieved(*texts))
    assert cited.sentences[0].citations[0].source.index == 3


def test_a_year_of_the_question_may_be_elsewhere_in_the_passage() -> None:
    text = "Figures of 2022. Net sales were $34.2 billion."
    question = "What were net sales in 2022?"
    answer = "Net sales in 2022 were $34.2 billion."
    assert cite_answer(question, answer, retrieved(text)).sentences[0].supported
    assert (
        not cite_answer("?", answer.replace("2022", "2021"), retrieved(text)).sentences[0].supported
    )


def test_scripts_without_spaces_are_compared_by_pairs_of_characters() -> None:
    cited = cite_answer(
        "?", "新码头费用四百万欧元。今天下雨了。", retrieved("新码头的费用是四百万欧元。")
    )
    assert [each.supported for each in cited.sentences] == [True, False]


def test_lines_without_words_are_left_out() -> None:
    answer = "| Year | Revenue |\n|---|---|\n| 2023 | 18.4 |"
    sentences = cite_answer("?", answer, retrieved(FERRIES)).sentences
    assert [each.text for each in sentences] == ["| Year | Revenue |", "| 2023 | 18.4 |"]
    assert check("?", "Anything.", []) == []


@given(text=st.text(), answer=st.text())
def test_whatever_is_cited_is_in_its_source(text: str, answer: str) -> None:
    for sentence in cite_answer("question", answer, retrieved(text, FERRIES)).sentences:
        assert answer[sentence.start : sentence.end] == sentence.text
        for citation in sentence.citations:
            assert citation.quote
            assert citation.quote in citation.source.text


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (2, 2), (0, 6), (3, 1)])
def test_a_citation_of_no_place_cannot_be_made(start: int, end: int) -> None:
    [source] = cite("?", "", retrieved("12345"))
    with pytest.raises(ValueError, match="no place in source 1"):
        Citation(source, start, end)


SALES = (
    "Net sales rose 12.5% to $3.2 million in 2023. The shop did not close in March. "
    "It sold 1,500 boats to twelve yards."
)


@pytest.mark.parametrize(
    "answer",
    [
        "Net sales rose 12.5 percent to 3.2 million dollars in 2023.",
        "Net sales rose to 3,200,000 dollars.",
        "Net sales rose 12.5 per cent.",
        "The shop didn't close in March.",
        "It sold 1500 boats to 12 yards.",
    ],
)
def test_one_amount_and_one_denial_may_be_written_in_several_ways(answer: str) -> None:
    [sentence] = cite_answer("?", answer, retrieved(SALES)).sentences
    assert sentence.supported


@pytest.mark.parametrize(
    "answer",
    [
        "Net sales rose 12.5% to $3.2 billion in 2023.",
        "Net sales rose 12.5% to €3.2 million in 2023.",
        "Net sales rose 12.5% to $3.2 million in 2022.",
        "Net sales rose 12.5 dollars to $3.2 million in 2023.",
        "Net sales did not rise to $3.2 million in 2023.",
        "The shop closed in March.",
        "It sold 1,500 boats to eleven yards.",
    ],
)
def test_one_wrong_fact_in_the_passage_s_own_words_is_not_supported(answer: str) -> None:
    [sentence] = cite_answer("?", answer, retrieved(SALES)).sentences
    assert not sentence.supported


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_sentences_that_are_completed_while_streaming_are_attributed_once(
    monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    answer = "The ferries carried 9,200 people. The pier costs 4.1 million euros.\n\nNobody knows."
    chunks = retrieved(FERRIES, PIER)
    whole = cite_answer("What are the figures?", answer, chunks)
    counted: list[str] = []
    plain = attribution.supporting
    monkeypatch.setattr(
        attribution, "supporting", lambda each, *rest: counted.append(each) or plain(each, *rest)
    )
    streamed = Attribution("What are the figures?", chunks)
    pushed = [
        each for at in range(0, len(answer), step) for each in streamed.push(answer[at : at + step])
    ]
    assert streamed.of(answer) == whole
    assert [(each.text, each.start) for each in pushed] == [
        (each.text, each.start) for each in whole.sentences[:-1]
    ]
    assert sorted(counted) == sorted(each.text for each in whole.sentences)


COMPANY = (
    "Brennick Pumps sold its foundry in Norwick to the Calder Group in 2019. "
    "The foundry had lost money for years.",
    "The painter Ewan Ross left a house in Oban to the National Trust in 2014.",
    "Net sales of the Heron division were $34,229 million. Staff costs fell.",
)


@pytest.mark.parametrize(
    "answer",
    [
        "Brennick Pumps sold its foundry in Norwick to the National Trust.",
        "Brennick Pumps sold its foundry in Norwick to Ewan Ross.",
        "Brennick Pumps sold its foundry in Norwick in 2014.",
        "The Calder Group left a house in Oban to the National Trust.",
        "Staff costs of the Calder Group fell.",
    ],
)
def test_a_sentence_pieced_together_from_two_places_is_not_supported(answer: str) -> None:
    [sentence] = cite_answer("?", answer, retrieved(*COMPANY)).sentences
    assert not sentence.supported


def test_a_sentence_that_says_it_all_is_cited_alone() -> None:
    others = "Net sales of the Stork division are stated in million dollars."
    cited = cite_answer(
        "What were the net sales of the Heron division?",
        "Net sales were $34,229 million.",
        retrieved(others, *COMPANY),
    )
    assert [each.source.index for each in cited.sentences[0].citations] == [4]


def test_clauses_may_rest_on_sources_that_have_nothing_in_common() -> None:
    answer = "Brennick Pumps sold its foundry in 2019, and Ewan Ross left a house in Oban."
    [sentence] = cite_answer("?", answer, retrieved(*COMPANY)).sentences
    assert {each.source.index for each in sentence.citations} == {1, 2}


def test_a_computed_line_is_not_marked_as_missing() -> None:
    row = "Article: Pump; Price: 1980"
    answer = f'57.1 % (1,980 of 3,467, Price)\n\n"{row}" [1]'
    sources = cite("", "", retrieved(row))
    assert [each.text for each in check("What share?", answer, sources)] == [f'"{row}" [1]']
