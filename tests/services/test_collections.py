"""Collections, and who may do what with them."""

from __future__ import annotations

import pytest

from carrel.bootstrap import Application
from carrel.core.access import Principal
from carrel.core.chat import Scope
from carrel.core.errors import (
    AccessDenied,
    AlreadyExists,
    CollectionNotFound,
    ConversationNotFound,
    DocumentNotFound,
    InvalidRequest,
)
from carrel.services.history.history import TITLE_LENGTH, title_from
from texts import ingest_texts

ME = Principal()
ADA = Principal("ada", administrator=False)


async def test_two_collections_always_exist_and_cannot_be_deleted(application: Application) -> None:
    collections = application.services.collections
    names = {each.name: each.shared for each in await collections.list(ME)}
    assert names == {"MyData": False, "UserData": True}
    for name in names:
        with pytest.raises(AccessDenied):
            await collections.delete(name, ME)


@pytest.mark.parametrize("name", ["", "  ", "a/b", "a\\b", "LLM", "x" * 201, "a\nb", "a\0b"])
async def test_a_name_that_cannot_be_used_is_refused(application: Application, name: str) -> None:
    with pytest.raises(InvalidRequest):
        await application.services.collections.create(name, True, ME)


async def test_a_name_is_taken_once(application: Application) -> None:
    collections = application.services.collections
    await collections.create("Årsrapporter 📚", True, ME)
    with pytest.raises(AlreadyExists):
        await collections.create("Årsrapporter 📚", True, ME)


async def test_a_private_collection_is_seen_by_its_owner_only(application: Application) -> None:
    collections = application.services.collections
    await collections.create("Diary", False, ME)
    with pytest.raises(CollectionNotFound):
        await collections.get("Diary", ADA)
    assert "Diary" not in {each.name for each in await collections.list(ADA)}
    await collections.create("Diary", False, ADA)
    assert (await collections.get("Diary", ADA)).owner == "ada"
    assert (await collections.get("Diary", ME)).owner == ME.account


async def test_a_document_of_another_collection_is_not_found(application: Application) -> None:
    ids = await ingest_texts(application, {"a.txt": "text"})
    with pytest.raises(DocumentNotFound):
        await application.services.collections.document("MyData", ids["a.txt"], ME)
    with pytest.raises(DocumentNotFound):
        await application.services.collections.delete_document("MyData", ids["a.txt"], ME)


async def test_only_an_administrator_deletes_a_shared_collection_of_others(
    application: Application,
) -> None:
    collections = application.services.collections
    await collections.create("Team", True, ME)
    with pytest.raises(AccessDenied):
        await collections.delete("Team", ADA)
    assert await collections.delete("Team", ME) == 0


async def test_only_who_may_delete_a_collection_renames_it(application: Application) -> None:
    collections = application.services.collections
    await collections.create("Team", True, ME)
    with pytest.raises(AccessDenied):
        await collections.rename("Team", "Crew", ADA)
    assert (await collections.rename("Team", " Crew ", ME)).name == "Crew"
    for name in ("MyData", "UserData"):
        with pytest.raises(AccessDenied):
            await collections.rename(name, "Mine", ME)


async def test_documents_of_a_renamed_collection_are_found_without_new_vectors(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    collections = application.services.collections
    await collections.create("Ships", True, ME)
    await ingest_texts(application, {"a.txt": "The ferry is called Heron."}, "Ships")
    monkeypatch.setattr(application.indexes.embedder, "embed_documents", None)
    await collections.rename("Ships", "Boats", ME)
    [found] = await application.services.retrieval.search("ferry", Scope(("Boats",)), ME)
    assert (found.collection, found.document_name) == ("Boats", "a.txt")


async def test_chats_are_seen_by_their_owner_only(application: Application) -> None:
    history = application.services.history
    chat = await history.start(ME, "Mine")
    assert [each.title for each in await history.list(ME)] == ["Mine"]
    assert not await history.list(ADA)
    with pytest.raises(ConversationNotFound):
        await history.turns(ADA, chat.id)
    with pytest.raises(ConversationNotFound):
        await history.append(ADA, chat.id, [])
    await history.delete(ADA, chat.id)
    assert await history.list(ME)
    await history.rename(ME, chat.id, "Renamed")
    assert [each.title for each in await history.list(ME)] == ["Renamed"]
    await history.delete(ME, chat.id)
    assert not await history.list(ME)


@pytest.mark.parametrize("question", ["short", "word " * 40, "x" * 200, "", "  \n two  lines "])
def test_a_title_is_one_short_line(question: str) -> None:
    title = title_from(question)
    assert 0 < len(title) <= TITLE_LENGTH
    assert "\n" not in title
