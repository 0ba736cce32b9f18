"""A catalog that is missing, empty, damaged or an older copy costs no file."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from carrel import bootstrap
from carrel.core.documents import USER_DATA, DocumentStatus
from carrel.core.errors import CatalogIncomplete, PathNotFound, StoreCorrupt
from carrel.settings.schema import Settings
from carrel.storage.catalog import SqliteCatalog
from carrel.storage.database import Database
from running.shared_readers import build
from running.stored_folder import ME, add, contents, found, opened
from tiny.counting_embedder import CountingEmbedder

ALL = range(12)


@pytest.fixture
def embedder(tmp_path: Path) -> CountingEmbedder:
    return CountingEmbedder(tmp_path / "journal")


@pytest.fixture(params=["chroma", "faiss"])
async def settings(
    request: pytest.FixtureRequest,
    make_settings: Callable[..., Settings],
    embedder: CountingEmbedder,
    tmp_path: Path,
) -> Settings:
    """Settings of a data folder with 12 documents; ``older.db`` is its catalog with five."""
    made = make_settings(engine="scripted", db_type=request.param, chunk_size=100, chunk_overlap=0)
    async with opened(made, embedder) as application:
        await add(application, range(5), tmp_path / "source")
    shutil.copy(made.storage.db_dir / "catalog.db", tmp_path / "older.db")
    async with opened(made, embedder) as application:
        await add(application, range(5, 12), tmp_path / "source")
    return made


@pytest.fixture
async def filled(
    make_settings: Callable[..., Settings], embedder: CountingEmbedder, tmp_path: Path
) -> Settings:
    """Settings of a data folder with 12 documents, in the default store."""
    made = make_settings(engine="scripted", chunk_size=100, chunk_overlap=0)
    async with opened(made, embedder) as application:
        await add(application, ALL, tmp_path / "source")
    return made


def lose(settings: Settings, how: str, tmp_path: Path) -> None:
    catalog = settings.storage.db_dir / "catalog.db"
    match how:
        case "missing":
            catalog.unlink()
        case "zero bytes":
            catalog.write_bytes(b"")
        case "an empty database":
            catalog.unlink()
            Database(catalog, []).close()
        case "new":
            catalog.unlink()
            database = Database(catalog)
            SqliteCatalog(database)
            database.close()
        case "its log is left":
            catalog.rename(catalog.with_name("catalog.db-wal"))
            shutil.rmtree(settings.storage.db_dir / "originals")
        case "only words are left":
            catalog.unlink()
            shutil.rmtree(settings.storage.db_dir / "originals")
        case "older":
            shutil.copy(tmp_path / "older.db", catalog)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("missing", r"12 original files, of which its catalog knows 0 \(.*missing or empty"),
        ("zero bytes", r"12 original files, of which its catalog knows 0"),
        ("an empty database", r"12 original files, of which its catalog knows 0"),
        ("new", r"12 original files, of which its catalog knows 0 \(.*an older one"),
        ("its log is left", r"0 original files"),
        ("only words are left", r"0 original files"),
        ("older", r"12 original files, of which its catalog knows 5 \(.*an older one"),
    ],
)
def test_the_start_is_refused_and_nothing_is_changed(
    settings: Settings, embedder: CountingEmbedder, tmp_path: Path, how: str, said: str
) -> None:
    lose(settings, how, tmp_path)
    before = contents(settings.storage.db_dir)
    with pytest.raises(CatalogIncomplete, match=said) as refused:
        build(settings, embedder)
    assert "\n" not in str(refused.value)
    assert str(settings.storage.db_dir) in str(refused.value)
    assert "carrel recover --db_dir=" in str(refused.value)
    with pytest.raises(CatalogIncomplete), bootstrap.reindexing(settings, embedder):
        pass
    assert contents(settings.storage.db_dir) == before


async def test_documents_in_the_indexes_alone_are_not_given_up_either(
    settings: Settings, embedder: CountingEmbedder, tmp_path: Path
) -> None:
    lose(settings, "older", tmp_path)
    for each in sorted((settings.storage.db_dir / "originals").iterdir())[:7]:
        each.unlink()
    for each in (settings.storage.db_dir / "originals").iterdir():
        each.unlink()
    with pytest.raises(CatalogIncomplete, match=r"12 indexed documents.* knows 5"):
        build(settings, embedder)
    shutil.copy(tmp_path / "older.db", settings.storage.db_dir / "catalog.db")


@pytest.mark.parametrize("damage", ["truncated", "overwritten", "a letter"])
def test_a_damaged_catalog_is_to_be_put_back_and_never_to_be_left(
    settings: Settings, embedder: CountingEmbedder, damage: str
) -> None:
    catalog = settings.storage.db_dir / "catalog.db"
    content = catalog.read_bytes()
    third = len(content) // 3
    catalog.write_bytes(
        {
            "truncated": content[: len(content) // 2],
            "overwritten": content[:third] + b"\xa5" * third + content[2 * third :],
            "a letter": b"This is a letter, not a database. " * 100,
        }[damage]
    )
    before = contents(settings.storage.db_dir)
    for start in (bootstrap.build, bootstrap.recover):
        with pytest.raises(StoreCorrupt, match=r"put catalog\.db back") as refused:
            start(settings, embedder)
        assert "empty" not in str(refused.value)
        assert "\n" not in str(refused.value)
    assert contents(settings.storage.db_dir) == before


async def test_after_the_backup_is_put_back_everything_is_there(
    settings: Settings, embedder: CountingEmbedder, tmp_path: Path
) -> None:
    catalog = settings.storage.db_dir / "catalog.db"
    shutil.copy(catalog, tmp_path / "backup.db")
    embedded = len(embedder.embedded())
    for how in ("missing", "zero bytes", "older"):
        lose(settings, how, tmp_path)
        with pytest.raises(CatalogIncomplete):
            build(settings, embedder)
        shutil.copy(tmp_path / "backup.db", catalog)
    async with opened(settings, embedder) as application:
        assert await found(application, ALL) == list(ALL)
    assert len(embedder.embedded()) == embedded
    assert not (settings.storage.db_dir / "quarantine").exists()


async def test_recovering_without_a_catalog_keeps_every_original_and_starts_empty(
    settings: Settings, embedder: CountingEmbedder, tmp_path: Path
) -> None:
    folder = settings.storage.db_dir
    originals = contents(folder / "originals")
    words = (folder / "keyword.db").read_bytes()
    lose(settings, "missing", tmp_path)
    recovery = bootstrap.recover(settings, embedder)
    assert recovery.files == 12
    assert recovery.folder is not None
    assert recovery.folder.parent == folder / "quarantine"
    assert contents(recovery.folder / "originals") == originals
    assert (recovery.folder / "keyword.db").read_bytes() == words
    assert (recovery.folder / settings.documents.db_type / "vectors.db").exists()
    async with opened(settings, embedder) as application:
        assert await application.services.collections.documents(USER_DATA, ME) == []
        await add(application, range(20, 22), tmp_path / "source")
        assert await found(application, range(20, 22)) == [20, 21]
    assert len(contents(recovery.folder / "originals")) == 12


async def test_recovering_with_an_older_catalog_keeps_what_it_knows(
    settings: Settings, embedder: CountingEmbedder, tmp_path: Path
) -> None:
    folder = settings.storage.db_dir
    originals = contents(folder / "originals")
    lose(settings, "older", tmp_path)
    embedded = len(embedder.embedded())
    recovery = bootstrap.recover(settings, embedder)
    assert recovery.files == 7
    assert recovery.folder is not None
    kept, aside = contents(folder / "originals"), contents(recovery.folder / "originals")
    assert (len(kept), len(aside)) == (5, 7)
    assert kept | aside == originals
    async with opened(settings, embedder) as application:
        assert await found(application, ALL) == list(range(5))
    assert len(embedder.embedded()) == embedded
    assert bootstrap.recover(settings, embedder).folder is None


def test_there_is_nothing_to_recover_where_there_is_no_folder(
    make_settings: Callable[..., Settings], embedder: CountingEmbedder
) -> None:
    settings = make_settings(engine="scripted")
    with pytest.raises(PathNotFound, match="--db_dir"):
        bootstrap.recover(settings, embedder)
    assert not settings.storage.db_dir.exists()


async def test_one_file_that_nobody_knows_is_set_aside_and_the_start_continues(
    make_settings: Callable[..., Settings], embedder: CountingEmbedder, tmp_path: Path
) -> None:
    settings = make_settings(engine="scripted", chunk_size=100, chunk_overlap=0)
    async with opened(settings, embedder) as application:
        await add(application, range(4), tmp_path / "source")
    stray = settings.storage.db_dir / "originals" / "0123456789abcdef"
    stray.write_bytes(b"half known")
    async with opened(settings, embedder) as application:
        assert await found(application, range(4)) == list(range(4))
    assert not stray.exists()
    aside = contents(settings.storage.db_dir / "quarantine")
    assert list(aside.values()) == [b"half known"]


async def test_what_a_killed_deletion_left_is_removed_and_not_set_aside(
    filled: Settings, embedder: CountingEmbedder
) -> None:
    folder = filled.storage.db_dir
    async with opened(filled, embedder) as application:
        documents = await application.services.collections.documents(USER_DATA, ME)
    database = Database(folder / "catalog.db")
    catalog = SqliteCatalog(database)
    # Killed after the catalog, and before the indexes and the files.
    for each in documents[:6]:
        catalog.delete_document(each.id)
    database.close()
    async with opened(filled, embedder) as application:
        left = await application.services.collections.documents(USER_DATA, ME)
        assert {each.id for each in left} == {each.id for each in documents[6:]}
        assert len(await found(application, ALL)) == 6
    assert set(contents(folder / "originals")) == {each.id for each in documents[6:]}
    assert not (folder / "quarantine").exists()


async def test_a_killed_deletion_of_a_collection_is_finished(
    filled: Settings, embedder: CountingEmbedder
) -> None:
    folder = filled.storage.db_dir
    async with opened(filled, embedder) as application:
        collection = await application.services.collections.get(USER_DATA, ME)
    database = Database(folder / "catalog.db")
    SqliteCatalog(database).delete_collection(collection.id)
    database.close()
    async with opened(filled, embedder):
        pass
    assert contents(folder / "originals") == {}
    assert not (folder / "quarantine").exists()


async def test_the_file_of_a_document_whose_reading_was_interrupted_is_kept_with_it(
    make_settings: Callable[..., Settings], embedder: CountingEmbedder, tmp_path: Path
) -> None:
    settings = make_settings(engine="scripted", chunk_size=100, chunk_overlap=0)
    folder = settings.storage.db_dir
    async with opened(settings, embedder) as application:
        collection = await application.services.collections.get(USER_DATA, ME)
    database = Database(folder / "catalog.db")
    begun = SqliteCatalog(database).begin_document(collection.id, "a.txt", "digest", 4)
    database.close()
    (folder / "originals" / begun.id).write_bytes(b"text")
    async with opened(settings, embedder) as application:
        [document] = await application.services.collections.documents(USER_DATA, ME)
        assert document.status is DocumentStatus.FAILED
        assert document.has_original
        await application.services.collections.delete_document(USER_DATA, document.id, ME)
    assert contents(folder / "originals") == {}
