"""Second vectors of chunks in other languages: who has them, what removes them, what lacks them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from carrel import bootstrap
from carrel.bootstrap import Application
from carrel.core.access import Principal
from carrel.core.chat import Scope
from carrel.services.indexing.foreign_vectors import SUFFIX
from carrel.settings.schema import Settings
from running.shared_readers import build
from texts import ingest_texts

ME = Principal()
TEXTS = {
    "de.txt": "Der Leuchtturm wird von einer Frau namens Ingrid bewacht und gepflegt.",
    "ru.txt": "Выручка компании выросла на четыре процента по сравнению с прошлым годом.",
    "en.txt": "Tulips are planted in autumn, before the first frost of the year.",
    "sv.txt": "Biblioteket är stängt på söndagar men öppet alla andra dagar i veckan.",
}


@pytest.fixture
def settings(make_settings: Callable[..., Settings]) -> Settings:
    """Settings of an empty data folder."""
    return make_settings(engine="scripted")


async def second_id(application: Application, name: str = "UserData") -> str:
    collection = await application.services.collections.get(name, ME)
    return collection.id + SUFFIX


async def first_found(application: Application, question: str) -> str:
    found = await application.services.retrieval.search(question, Scope(("UserData",)), ME)
    return found[0].document_name


async def test_a_question_in_english_finds_passages_in_other_languages(settings: Settings) -> None:
    application = build(settings)
    try:
        await ingest_texts(application, TEXTS)
        assert await first_found(application, "Who looks after the lighthouse?") == "de.txt"
        assert await first_found(application, "How much did sales rise?") == "ru.txt"
        assert await first_found(application, "When are tulips planted?") == "en.txt"
    finally:
        await application.close()


@pytest.mark.parametrize("store", ["chroma", "faiss", "chroma_server"])
async def test_only_other_languages_that_the_embedder_knows_have_second_vectors(
    make_settings: Callable[..., Settings], request: pytest.FixtureRequest, store: str
) -> None:
    served = store == "chroma_server"
    flags = {"db_url": request.getfixturevalue("chroma_server").url} if served else {}
    application = build(make_settings(engine="scripted", db_type=store, **flags))
    vectors, collections = application.indexes.vectors, application.services.collections
    try:
        await collections.create("Letters", shared=False, principal=ME)
        ids = await ingest_texts(application, TEXTS, "Letters")
        second = await second_id(application, "Letters")
        assert vectors.document_ids(second) == {ids["de.txt"], ids["ru.txt"]}
        await collections.delete_document("Letters", ids["de.txt"], ME)
        assert vectors.document_ids(second) == {ids["ru.txt"]}
        await collections.delete("Letters", ME)
        assert vectors.count(second) == 0
    finally:
        await application.close()


async def test_a_store_without_second_vectors_is_searched_and_gets_them_by_a_reindex(
    settings: Settings,
) -> None:
    application = build(settings)
    await ingest_texts(application, TEXTS)
    second = await second_id(application)
    # As an earlier version left it.
    application.indexes.vectors.delete_collection(second)
    await application.close()
    application = build(settings)
    assert application.indexes.vectors.count(second) == 0
    assert await first_found(application, "Wer bewacht den Leuchtturm?") == "de.txt"
    await application.close()
    with bootstrap.reindexing(settings) as reindexing:
        list(reindexing.run())
    application = build(settings)
    assert application.indexes.vectors.count(second) == 2
    await application.close()


class OneAxisEmbedder:
    """Another embedder, whose vectors are all the same."""

    name = "other"
    dimension = 4

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        """Return the axis for each text."""
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """Return the axis."""
        return [1.0, 0.0, 0.0, 0.0]


async def test_another_embedder_replaces_both(settings: Settings) -> None:
    application = build(settings)
    await ingest_texts(application, TEXTS)
    second = await second_id(application)
    await application.close()
    with bootstrap.reindexing(settings, OneAxisEmbedder()) as reindexing:
        list(reindexing.run())
    application = build(settings, OneAxisEmbedder())
    assert application.indexes.vectors.count(second) == 0
    assert await first_found(application, "Leuchtturm") == "de.txt"
    await application.close()
