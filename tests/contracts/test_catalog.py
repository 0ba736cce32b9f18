"""What every catalog promises (``carrel.core.protocols.adapters.Catalog``)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from carrel.core.document_properties import NOTHING_STATED, DocumentProperties
from carrel.core.documents import (
    Chunk,
    Collection,
    CollectionContents,
    DocumentRecord,
    DocumentStatus,
)
from carrel.core.errors import AlreadyExists, CollectionNotFound, DocumentNotFound
from carrel.core.protocols.adapters import Catalog
from carrel.storage.catalog import SqliteCatalog
from carrel.storage.database import Database


@pytest.fixture(params=["sqlite"])
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    """A new catalog."""
    database = Database(tmp_path / "catalog.db")
    yield SqliteCatalog(database)
    database.close()


@pytest.fixture
def collection(catalog: Catalog) -> Collection:
    """An empty collection."""
    return catalog.create_collection("Reports", True, "local")


def begin(catalog: Catalog, collection: Collection, name: str = "a.txt") -> DocumentRecord:
    return catalog.begin_document(collection.id, name, "digest", 7)


def chunks_of(record: DocumentRecord, *texts: str) -> list[Chunk]:
    return [
        Chunk(f"{record.id}-{ordinal}", record.id, ordinal, text)
        for ordinal, text in enumerate(texts)
    ]


def ready(
    catalog: Catalog, collection: Collection, name: str = "a.txt", *texts: str
) -> DocumentRecord:
    record = begin(catalog, collection, name)
    catalog.add_chunks(record.id, chunks_of(record, *(texts or ("text",))))
    return catalog.finish_document(record.id, None)


def test_a_new_catalog_has_the_two_collections_that_always_exist(catalog: Catalog) -> None:
    assert [(each.name, each.shared, each.owner) for each in catalog.collections()] == [
        ("MyData", False, "local"),
        ("UserData", True, "local"),
    ]


def test_collections_are_listed_by_name_under_ids_that_index_names_can_be(
    catalog: Catalog,
) -> None:
    made = catalog.create_collection("été 'A' 文档", False, "anna")
    catalog.create_collection("aardvark", True, "local")
    listed = catalog.collections()
    assert [each.name for each in listed] == ["aardvark", "MyData", "UserData", "été 'A' 文档"]
    assert made in listed
    assert all(each.id.isascii() and each.id.isalnum() for each in listed)
    assert all(each.id[0].isalpha() and 3 <= len(each.id) <= 63 for each in listed)
    assert len({each.id for each in listed}) == 4


def test_a_taken_name_is_refused(catalog: Catalog) -> None:
    catalog.create_collection("shared", True, "anna")
    catalog.create_collection("private", False, "anna")
    for name, shared, owner in [
        ("shared", True, "bob"),
        ("shared", False, "bob"),
        ("private", False, "anna"),
        ("private", True, "anna"),
    ]:
        with pytest.raises(AlreadyExists, match=name):
            catalog.create_collection(name, shared, owner)
    assert len(catalog.collections()) == 4


def test_two_owners_may_have_a_private_collection_of_one_name(catalog: Catalog) -> None:
    anna = catalog.create_collection("notes", False, "anna")
    bob = catalog.create_collection("notes", False, "bob")
    assert anna.id != bob.id


def test_the_contents_of_collections_are_counted(catalog: Catalog, collection: Collection) -> None:
    ready(catalog, collection, "a.txt", "one", "two")
    ready(catalog, collection, "b.txt")
    catalog.fail_document(begin(catalog, collection, "c.txt").id, "broken")
    begin(catalog, collection, "d.txt")
    elsewhere = catalog.collections()[0]
    ready(catalog, elsewhere)
    assert catalog.contents() == {
        collection.id: CollectionContents(documents=4, ready=2, failed=1, chunks=3, bytes=14),
        elsewhere.id: CollectionContents(documents=1, ready=1, failed=0, chunks=1, bytes=7),
    }


def test_a_renamed_collection_keeps_its_id_and_documents(
    catalog: Catalog, collection: Collection
) -> None:
    record = ready(catalog, collection)
    renamed = catalog.rename_collection(collection.id, "Old reports", False)
    assert renamed == Collection(collection.id, "Old reports", False, "local")
    assert renamed in catalog.collections()
    assert collection not in catalog.collections()
    assert catalog.documents(collection.id) == [record]
    assert catalog.rename_collection(collection.id, "Old reports", True).shared


def test_a_collection_does_not_take_the_name_of_another(
    catalog: Catalog, collection: Collection
) -> None:
    catalog.create_collection("Private", False, "local")
    catalog.create_collection("Foreign", False, "anna")
    for name in ("UserData", "Private"):
        with pytest.raises(AlreadyExists, match=name):
            catalog.rename_collection(collection.id, name, True)
    assert catalog.rename_collection(collection.id, "Foreign", False).name == "Foreign"
    with pytest.raises(CollectionNotFound):
        catalog.rename_collection("cunknown", "Any", True)


def test_deleting_a_collection_removes_its_documents_and_chunks(
    catalog: Catalog, collection: Collection
) -> None:
    record = ready(catalog, collection)
    kept = ready(catalog, catalog.collections()[0])
    catalog.delete_collection(collection.id)
    catalog.delete_collection("cunknown")
    assert collection not in catalog.collections()
    assert catalog.document(record.id) is None
    assert catalog.documents(collection.id) == []
    assert catalog.chunks([f"{record.id}-0"]) == {}
    assert catalog.document_chunks(record.id) == []
    assert catalog.document(kept.id) == kept
    assert catalog.leaving_collections() == [collection.id]
    catalog.forget_collection(collection.id)
    catalog.forget_collection("cunknown")
    assert catalog.leaving_collections() == []


def test_a_document_begins_as_pending(catalog: Catalog, collection: Collection) -> None:
    before = datetime.now(UTC)
    record = catalog.begin_document(collection.id, "a.txt", "digest", 7)
    assert (record.collection_id, record.name) == (collection.id, "a.txt")
    assert (record.sha256, record.bytes) == ("digest", 7)
    assert record.status is DocumentStatus.PENDING
    assert (record.pages, record.chunks, record.reason) == (None, 0, None)
    assert before <= record.added_at <= datetime.now(UTC)
    assert record.added_at.utcoffset() == timedelta(0)
    assert catalog.document(record.id) == record


def test_a_document_of_a_deleted_collection_cannot_begin(catalog: Catalog) -> None:
    with pytest.raises(CollectionNotFound):
        catalog.begin_document("cunknown", "a.txt", "digest", 7)


def test_a_finished_document_has_its_counts_and_all_of_its_chunks(
    catalog: Catalog, collection: Collection
) -> None:
    record = begin(catalog, collection)
    first = Chunk(f"{record.id}-0", record.id, 0, "one é 文", 1, "Heading", 3, 10)
    second = Chunk(f"{record.id}-1", record.id, 1, "two\nlines", None, None, 0, 9)
    catalog.add_chunks(record.id, [second])
    catalog.add_chunks(record.id, [first])
    finished = catalog.finish_document(record.id, 12)
    assert finished.status is DocumentStatus.READY
    assert (finished.pages, finished.chunks) == (12, 2)
    assert finished.added_at == record.added_at
    assert catalog.documents(collection.id) == [finished]
    assert catalog.document_chunks(record.id) == [first, second]
    assert catalog.chunks([second.id, "unknown", first.id]) == {
        first.id: first,
        second.id: second,
    }


def test_properties_are_kept_also_when_a_document_is_read_again(
    catalog: Catalog, collection: Collection
) -> None:
    stated = DocumentProperties("Tit\ud800le 文", ("Ada", "李"), "2024-05", None, ("a",), "de-AT")
    kept = DocumentProperties("Tit?le 文", ("Ada", "李"), "2024-05", None, ("a",), "de-AT")
    record = begin(catalog, collection)
    assert record.properties == NOTHING_STATED
    assert catalog.finish_document(record.id, None, None, stated).properties == kept
    again = catalog.begin_document(collection.id, record.name, "1", 1, replaces=record.id)
    later = DocumentProperties(created="2025")
    assert catalog.exchange_document(again.id, None, None, later).properties == later
    assert [each.properties for each in catalog.documents(collection.id)] == [later]


def test_chunks_are_found_by_id_only_once_the_document_is_ready(
    catalog: Catalog, collection: Collection
) -> None:
    record = begin(catalog, collection)
    [chunk] = chunks_of(record, "text")
    catalog.add_chunks(record.id, [chunk])
    assert catalog.chunks([chunk.id]) == {}
    assert catalog.ready_count(collection.id) == 0
    catalog.finish_document(record.id, None)
    assert catalog.chunks([chunk.id]) == {chunk.id: chunk}
    assert catalog.ready_count(collection.id) == 1


def test_thousands_of_chunks_can_be_asked_for_at_once(
    catalog: Catalog, collection: Collection
) -> None:
    record = ready(catalog, collection, "a.txt", *[f"text {number}" for number in range(3000)])
    assert len(catalog.chunks([f"{record.id}-{number}" for number in range(5000)])) == 3000


def test_a_finished_document_replaces_those_of_its_name(
    catalog: Catalog, collection: Collection
) -> None:
    other = ready(catalog, collection, "b.txt")
    elsewhere = ready(catalog, catalog.collections()[0], "a.txt")
    old = ready(catalog, collection, "a.txt", "old")
    failed = begin(catalog, collection, "a.txt")
    catalog.fail_document(failed.id, "broken")
    in_work = begin(catalog, collection, "a.txt")
    new = ready(catalog, collection, "a.txt", "new")
    assert {each.id for each in catalog.documents(collection.id)} == {
        new.id,
        other.id,
        in_work.id,
    }
    assert catalog.chunks([f"{old.id}-0"]) == {}
    assert catalog.document(elsewhere.id) == elsewhere


def test_a_failed_document_keeps_its_reason_and_no_chunks(
    catalog: Catalog, collection: Collection
) -> None:
    good = ready(catalog, collection, "a.txt", "good")
    earlier = begin(catalog, collection, "a.txt")
    catalog.fail_document(earlier.id, "first reason")
    record = begin(catalog, collection, "a.txt")
    catalog.add_chunks(record.id, chunks_of(record, "lost"))
    failed = catalog.fail_document(record.id, "second reason")
    assert failed.status is DocumentStatus.FAILED
    assert (failed.reason, failed.chunks) == ("second reason", 0)
    assert catalog.document_chunks(record.id) == []
    assert {each.id for each in catalog.documents(collection.id)} == {good.id, failed.id}
    assert catalog.ready_count(collection.id) == 1


def test_a_deleted_document_takes_its_chunks_along(
    catalog: Catalog, collection: Collection
) -> None:
    record = ready(catalog, collection)
    catalog.delete_document(record.id)
    catalog.delete_document("unknown")
    assert catalog.document(record.id) is None
    assert catalog.document_chunks(record.id) == []


def test_what_changes_an_unknown_document_is_refused(
    catalog: Catalog, collection: Collection
) -> None:
    done = ready(catalog, collection)
    for document_id in ("unknown", done.id):
        with pytest.raises(DocumentNotFound):
            catalog.add_chunks(document_id, [Chunk("x", document_id, 9, "text")])
    with pytest.raises(DocumentNotFound):
        catalog.finish_document("unknown", None)
    with pytest.raises(DocumentNotFound):
        catalog.fail_document("unknown", "reason")
    assert len(catalog.document_chunks(done.id)) == 1


def test_ready_documents_are_counted_among_those_given(
    catalog: Catalog, collection: Collection
) -> None:
    first, second = ready(catalog, collection, "a.txt"), ready(catalog, collection, "b.txt")
    pending = begin(catalog, collection, "c.txt")
    assert catalog.ready_count(collection.id) == 2
    assert catalog.ready_count(collection.id, [first.id, pending.id, "unknown"]) == 1
    assert catalog.ready_count(collection.id, [first.id, second.id]) == 2
    assert catalog.ready_count("cunknown") == 0


def test_documents_are_listed_by_name(catalog: Catalog, collection: Collection) -> None:
    for name in ("b.txt", "a.txt", "C.txt"):
        ready(catalog, collection, name)
    names = [each.name for each in catalog.documents(collection.id)]
    assert names == ["a.txt", "b.txt", "C.txt"]


def test_a_name_that_is_not_unicode_can_be_stored_and_replaced(
    catalog: Catalog, collection: Collection
) -> None:
    name = b"caf\xe9.txt".decode("utf-8", "surrogateescape")
    ready(catalog, collection, name, "old \ud800")
    ready(catalog, collection, name, "new \ud800")
    [record] = catalog.documents(collection.id)
    assert record.name == "caf?.txt"
    assert [each.text for each in catalog.document_chunks(record.id)] == ["new ?"]


def test_the_embedder_of_each_collection_is_remembered(
    catalog: Catalog, collection: Collection
) -> None:
    assert catalog.embedders() == {}
    other = catalog.create_collection("Other", True, "local")
    catalog.set_embedder(collection.id, "bundled")
    catalog.set_embedder(other.id, "bundled")
    catalog.set_embedder(other.id, "another/one")
    catalog.set_embedder("unknown", "bundled")
    assert catalog.embedders() == {collection.id: "bundled", other.id: "another/one"}
    catalog.rename_collection(other.id, "Renamed", False)
    catalog.delete_collection(collection.id)
    assert catalog.embedders() == {other.id: "another/one"}


def test_threads_may_write_and_read_at_once(catalog: Catalog, collection: Collection) -> None:
    def write(number: int) -> int:
        record = ready(catalog, collection, f"{number}.txt", *["text"] * 20)
        return len(catalog.document_chunks(record.id))

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(write, range(20))) == [20] * 20
    assert catalog.ready_count(collection.id) == 20


def test_a_replacement_is_listed_nowhere_until_it_is_exchanged(
    catalog: Catalog, collection: Collection
) -> None:
    old = ready(catalog, collection, "a.txt", "one", "two")
    new = catalog.begin_document(collection.id, "a.txt", "digest", 7, "r2", replaces=old.id)
    catalog.add_chunks(new.id, chunks_of(new, "three"))
    assert catalog.documents(collection.id) == [old]
    assert catalog.contents()[collection.id].documents == 1
    assert catalog.replacements(collection.id) == [new]
    assert catalog.unfinished(collection.id, "a.txt", "digest", "r2") is None
    assert catalog.unfinished(collection.id, "a.txt", "digest", "r2", replaces=old.id) == new
    assert catalog.chunks([f"{new.id}-0"]) == {}
    exchanged = catalog.exchange_document(new.id, 3)
    assert (exchanged.id, exchanged.name, exchanged.added_at) == (old.id, "a.txt", old.added_at)
    assert (exchanged.index_id, exchanged.pages, exchanged.chunks) == (new.id, 3, 1)
    assert catalog.documents(collection.id) == [exchanged]
    assert catalog.replacements(collection.id) == []
    [chunk] = catalog.document_chunks(old.id)
    assert (chunk.document_id, chunk.text) == (old.id, "three")
    assert catalog.same_content("digest", "r2") == exchanged
    with pytest.raises(DocumentNotFound):
        catalog.exchange_document(new.id, None)


def test_a_replacement_goes_with_its_document(catalog: Catalog, collection: Collection) -> None:
    old = ready(catalog, collection)
    new = catalog.begin_document(collection.id, "a.txt", "digest", 7, replaces=old.id)
    catalog.delete_document(old.id)
    with pytest.raises(DocumentNotFound):
        catalog.add_chunks(new.id, chunks_of(new, "text"))
    with pytest.raises(DocumentNotFound):
        catalog.begin_document(collection.id, "a.txt", "digest", 7, replaces=old.id)


def test_a_failed_document_that_is_exchanged_takes_the_place_of_the_older_version(
    catalog: Catalog, collection: Collection
) -> None:
    older = ready(catalog, collection)
    failed = catalog.fail_document(begin(catalog, collection).id, "no", has_original=True)
    assert failed.has_original
    assert catalog.failed_document(collection.id, "a.txt") == failed
    new = catalog.begin_document(collection.id, "a.txt", "digest", 7, replaces=failed.id)
    catalog.add_chunks(new.id, chunks_of(new, "text"))
    exchanged = catalog.exchange_document(new.id, None)
    assert (exchanged.status, exchanged.reason) == (DocumentStatus.READY, None)
    assert catalog.documents(collection.id) == [exchanged]
    assert catalog.document(older.id) is None
    lost = catalog.fail_document(begin(catalog, collection).id, "no")
    assert not lost.has_original


def test_removed_documents_are_remembered_until_nothing_of_them_is_left(
    catalog: Catalog, collection: Collection
) -> None:
    older = ready(catalog, collection)
    newer = ready(catalog, collection)
    assert catalog.leaving_documents() == {older.id}
    catalog.delete_document(newer.id)
    catalog.delete_document("unknown")
    assert catalog.leaving_documents() == {older.id, newer.id}
    catalog.forget_documents([older.id, "unknown"])
    assert catalog.leaving_documents() == {newer.id}
    other = catalog.create_collection("Other", True, "me")
    begun = begin(catalog, other)
    catalog.delete_collection(other.id)
    assert catalog.leaving_documents() == {newer.id, begun.id}


def test_a_removed_document_is_remembered_by_its_id_in_the_indexes_too(
    catalog: Catalog, collection: Collection
) -> None:
    document = ready(catalog, collection)
    again = catalog.begin_document(collection.id, "a.txt", "digest", 3, replaces=document.id)
    catalog.exchange_document(again.id, None)
    assert catalog.leaving_documents() == set()
    catalog.delete_document(document.id)
    assert catalog.leaving_documents() == {document.id, again.id}
