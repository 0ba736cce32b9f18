"""Rank fusion, and both searches behind it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.bootstrap import Application
from carrel.core.access import Principal
from carrel.core.chat import Scope
from carrel.services.retrieval import RANK_CONSTANT, fuse
from texts import ingest_texts

ME = Principal()


def test_first_in_both_rankings_scores_one() -> None:
    assert fuse([["a", "b"], ["a", "c"]])[0] == ("a", pytest.approx(1.0))


def test_second_in_both_beats_first_in_one() -> None:
    ranked = dict(fuse([["a", "b"], ["c", "b"]]))
    assert ranked["b"] > ranked["a"] == ranked["c"]
    expected = 2 / (RANK_CONSTANT + 2) / (2 / (RANK_CONSTANT + 1))
    assert ranked["b"] == pytest.approx(expected)


@given(st.lists(st.lists(st.integers(0, 20).map(str), unique=True), min_size=1, max_size=4))
def test_fusing_keeps_every_item_once_with_a_score_up_to_one(rankings: list[list[str]]) -> None:
    ranked = fuse(rankings)
    items = [item for item, _ in ranked]
    assert sorted(items) == sorted({item for ranking in rankings for item in ranking})
    scores = [score for _, score in ranked]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 + 1e-9 for score in scores)


async def search(application: Application, question: str, **scope: object) -> list[str]:
    found = await application.services.retrieval.search(
        question, Scope(**({"collections": ("UserData",)} | scope)), ME
    )
    return [each.document_name for each in found]


async def test_a_rare_word_and_a_paraphrase_are_both_found(application: Application) -> None:
    texts = {
        "part.txt": "Order number XK-4471-B is the left hinge.",
        "illness.txt": "The physician said the patient would recover within a week.",
        "garden.txt": "Tulips are planted in autumn.",
        "boats.txt": "The ferry crosses the sound at noon.",
    }
    await ingest_texts(application, texts)
    assert (await search(application, "XK-4471-B"))[0] == "part.txt"
    assert (await search(application, "When will the sick man get better?"))[0] == "illness.txt"


async def test_a_passage_that_stands_twice_is_returned_once(application: Application) -> None:
    await ingest_texts(application, {"a.txt": "The same words.", "b.txt": "The same words."})
    assert len(await search(application, "same words")) == 1


async def test_two_collections_are_searched_together_and_top_k_holds(
    application: Application,
) -> None:
    await ingest_texts(application, {"one.txt": "The red boat."})
    await ingest_texts(application, {"two.txt": "The red house."}, "MyData")
    both = await search(application, "red", collections=("UserData", "MyData"))
    assert sorted(both) == ["one.txt", "two.txt"]
    assert len(await search(application, "red", collections=("UserData", "MyData"), top_k=1)) == 1
    assert await search(application, "red", collections=("MyData",)) == ["two.txt"]
