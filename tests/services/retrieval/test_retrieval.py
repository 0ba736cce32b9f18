"""Both searches, and what comes of them."""

import pytest

from carrel.bootstrap import Application
from carrel.core.access import Principal
from carrel.core.chat import ALL, Scope
from texts import ingest_texts

ME = Principal()


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


async def test_a_passage_that_occurs_twice_is_returned_once(application: Application) -> None:
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


async def test_a_name_in_the_question_finds_its_file_among_like_reports(
    application: Application,
) -> None:
    report = "Revenue of the year rose to {} million dollars. Costs were stable."
    names = ["NORDWIND_2021.txt", "NORDWIND_2022.txt", "SUEDWIND_2021.txt", "SUEDWIND_2022.txt"]
    await ingest_texts(
        application, {name: report.format(index * 7 + 3) for index, name in enumerate(names)}
    )
    assert (await search(application, "What was Nordwind's revenue in FY22?"))[0] == names[1]
    assert (await search(application, "What was the FY2021 revenue of Sued Wind?"))[0] == names[2]


async def test_neighbouring_chunks_are_one_passage(application: Application) -> None:
    capes = range(20)
    sentences = [f"Sentence {each} tells of the lighthouse at cape {each}." for each in capes]
    await ingest_texts(application, {"capes.txt": " ".join(sentences)})
    found = await application.services.retrieval.search(
        "lighthouse at the cape", Scope(("UserData",)), ME
    )
    text = " ".join(sentences)
    assert [len(each.chunk.text) for each in found] == [len(text)]
    for each in found:
        assert text[each.chunk.start : each.chunk.end] == each.chunk.text


async def test_all_passages_are_returned_where_all_are_asked_for(application: Application) -> None:
    texts = {f"{number}.txt": f"Lamp {number} is at place {number * 7}." for number in range(12)}
    await ingest_texts(application, texts)
    assert len(await search(application, "Where is the lamp?", top_k=ALL)) == 12
    assert len(await search(application, "Where is the lamp?", top_k=3)) == 3


async def test_letters_mean_the_same_in_all_their_forms(application: Application) -> None:
    forms = {
        "The official figures of the fleet": "The oﬃcial ﬁgures of the ﬂeet",
        "FERRY 299": "ＦＥＲＲＹ ２９９",
        "لا يوجد": "ﻻ ﻳﻮﺟﺪ",
    }
    for number, (usual, other) in enumerate(forms.items()):
        name = f"{number}.txt"
        await ingest_texts(application, {name: usual}, "UserData")
        await ingest_texts(application, {name: other}, "MyData")
    vectors = application.services.retrieval._indexes.vectors
    overview = await application.services.collections.overview(ME)
    ids = {collection.name: collection.id for collection, _ in overview}
    for usual, other in forms.items():
        stored = []
        for collection in ("UserData", "MyData"):
            scope = Scope(collections=(collection,))
            best = (await application.services.retrieval.search(other, scope, ME))[0].chunk
            assert best.text == (usual if collection == "UserData" else other)
            stored += vectors.vectors(ids[collection], [best.id]).values()
        assert stored[1] == pytest.approx(stored[0], abs=1e-3)
