"""Indexes whose files are damaged or gone are made again when Carrel starts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from carrel.core.documents import USER_DATA
from carrel.core.errors import StoreCorrupt
from carrel.settings.schema import Settings
from running.real_processes import ROOT, clean_environment
from running.stored_folder import ME, add, found, opened, word
from tiny.counting_embedder import CountingEmbedder

ALL = range(12)
EMBEDDED = 60


def overwrite(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as stream:
        stream.seek(size // 3)
        stream.write(os.urandom(min(size // 3, 20_000)))


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def zero(path: Path) -> None:
    os.truncate(path, 0)


def letter(path: Path) -> None:
    path.write_bytes(b"This is a letter, not a database. " * 500)


DAMAGES: list[Callable[[Path], None]] = [overwrite, truncate, zero, letter, Path.unlink]


def fill(make_settings: Callable[..., Settings], db_type: str) -> Settings:
    return make_settings(engine="scripted", db_type=db_type, chunk_size=100, chunk_overlap=0)


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
    """Settings of a data folder with 12 documents of five chunks."""
    made = fill(make_settings, request.param)
    async with opened(made, embedder) as application:
        await add(application, ALL, tmp_path / "source")
    assert len(embedder.embedded()) == EMBEDDED
    return made


def set_aside(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.rglob("*.damaged-*"))


@pytest.mark.parametrize("damage", DAMAGES)
async def test_damaged_words_are_made_again_without_embedding(
    settings: Settings, embedder: CountingEmbedder, damage: Callable[[Path], None]
) -> None:
    damage(settings.storage.db_dir / "keyword.db")
    for _ in range(2):
        async with opened(settings, embedder) as application:
            assert await found(application, ALL) == list(ALL)
    assert len(embedder.embedded()) == EMBEDDED
    kept = [each for each in set_aside(settings.storage.db_dir) if each.startswith("keyword.db")]
    assert len(kept) == (0 if damage in (zero, Path.unlink) else 1)


@pytest.mark.parametrize("damage", DAMAGES)
async def test_damaged_vectors_are_made_again(
    settings: Settings, embedder: CountingEmbedder, damage: Callable[[Path], None]
) -> None:
    """Chroma has them a second time; of FAISS they are embedded again."""
    kind = settings.documents.db_type
    damage(settings.storage.db_dir / kind / "vectors.db")
    for _ in range(2):
        async with opened(settings, embedder) as application:
            assert await found(application, ALL) == list(ALL)
    assert len(embedder.embedded()) == (EMBEDDED if kind == "chroma" else 2 * EMBEDDED)


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_damaged_chroma_is_filled_from_the_copy_of_its_vectors(
    make_settings: Callable[..., Settings],
    embedder: CountingEmbedder,
    tmp_path: Path,
    damage: Callable[[Path], None],
) -> None:
    settings = fill(make_settings, "chroma")
    async with opened(settings, embedder) as application:
        await add(application, ALL, tmp_path / "source")
    damage(settings.storage.db_dir / "chroma" / "chroma.sqlite3")
    for _ in range(2):
        async with opened(settings, embedder) as application:
            assert await found(application, ALL) == list(ALL)
    assert len(embedder.embedded()) == EMBEDDED


async def test_what_is_copied_from_chroma_fills_it_again_later(
    make_settings: Callable[..., Settings], embedder: CountingEmbedder, tmp_path: Path
) -> None:
    settings = fill(make_settings, "chroma")
    folder = settings.storage.db_dir / "chroma"
    async with opened(settings, embedder) as application:
        await add(application, ALL, tmp_path / "source")
    for name in ("vectors.db", "chroma.sqlite3"):
        overwrite(folder / name)
        async with opened(settings, embedder) as application:
            assert await found(application, ALL) == list(ALL)
    assert len(embedder.embedded()) == EMBEDDED


async def test_a_lost_folder_of_vectors_is_embedded_again(
    settings: Settings, embedder: CountingEmbedder
) -> None:
    shutil.rmtree(settings.storage.db_dir / settings.documents.db_type)
    async with opened(settings, embedder) as application:
        assert await found(application, ALL) == list(ALL)
    assert len(embedder.embedded()) == 2 * EMBEDDED


async def test_everything_but_the_catalog_can_be_lost_at_once(
    settings: Settings, embedder: CountingEmbedder
) -> None:
    folder = settings.storage.db_dir
    for path in [*folder.glob("keyword.db"), *(folder / settings.documents.db_type).glob("*.*")]:
        if path.is_file():
            letter(path)
    async with opened(settings, embedder) as application:
        assert await found(application, ALL) == list(ALL)


async def test_damage_that_is_found_later_asks_for_a_restart_which_mends_it(
    settings: Settings, embedder: CountingEmbedder
) -> None:
    keywords = settings.storage.db_dir / "keyword.db"
    async with opened(settings, embedder) as application:
        collection = await application.services.collections.get(USER_DATA, ME)
        # Sound pages, and words in them that SQLite cannot read.
        with application.indexes.keywords._file.transaction() as connection:  # type: ignore[attr-defined]
            connection.execute("UPDATE words_1_data SET block = x'ffffffffffffffffffff'")
        with pytest.raises(
            StoreCorrupt, match=r"keyword\.db is damaged.*start Carrel again"
        ) as reported:
            application.indexes.keywords.search(collection.id, word(3), 5)
        assert "\n" not in str(reported.value)
        assert "empty" not in str(reported.value)
    async with opened(settings, embedder) as application:
        assert await found(application, ALL) == list(ALL)
    assert len(embedder.embedded()) == EMBEDDED
    assert len(set_aside(keywords.parent)) == 1


KILLED = """
import os, sys
from pathlib import Path
from carrel import bootstrap
from carrel.settings.load import load_settings
from tiny.counting_embedder import CountingEmbedder

flags = dict(each.split("=", 1) for each in sys.argv[2:])
settings = load_settings(flags, {}).settings

def stop(done, total):
    if done == 5:
        os._exit(9)

bootstrap.build(settings, CountingEmbedder(Path(sys.argv[1])), rebuilding=stop)
"""


def killed(*arguments: object) -> bool:
    """Start with these settings in a process that is killed after five documents."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED, *map(str, arguments)],
        env=clean_environment() | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'tests'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    print(done.stderr)
    return done.returncode == 9


@pytest.mark.parametrize("lost", ["keyword.db", "vectors"])
async def test_a_rebuild_that_is_killed_continues_at_the_next_start(
    make_settings: Callable[..., Settings], embedder: CountingEmbedder, tmp_path: Path, lost: str
) -> None:
    settings = fill(make_settings, "faiss")
    async with opened(settings, embedder) as application:
        await add(application, ALL, tmp_path / "source")
    folder = settings.storage.db_dir
    overwrite(folder / "keyword.db" if lost == "keyword.db" else folder / "faiss" / "vectors.db")
    flags = {"db_dir": folder, "engine": "scripted", "db_type": "faiss", "offline": "True"}
    assert killed(tmp_path / "journal", *(f"{name}={value}" for name, value in flags.items()))
    reported: list[tuple[int, int]] = []
    async with opened(settings, embedder, reported) as application:
        assert await found(application, ALL) == list(ALL)
    assert reported[0] == (0, 7)
    assert reported[-1] == (7, 7)
    assert len(embedder.embedded()) == (EMBEDDED if lost == "keyword.db" else 2 * EMBEDDED)
