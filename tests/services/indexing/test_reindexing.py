"""All vectors recomputed with another embedder; stopped in the middle; refused without it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from carrel import bootstrap
from carrel.core.access import Principal
from carrel.core.chat import Scope
from carrel.core.documents import USER_DATA, FileOutcome, IncomingFile, OutcomeKind
from carrel.core.errors import InvalidSetting, ModelNotFound
from carrel.services.indexing.indexing import BATCH
from carrel.settings.schema import Settings
from running.real_processes import ROOT
from running.shared_readers import build

ME = Principal()
KILLED = 9
WORDS = ["otter", "heron", "badger"]


class CountingEmbedder:
    """Vectors that tell their embedder by their length; ends the process after some groups."""

    def __init__(self, name: str, dimension: int, groups_to_live: int = 1_000_000) -> None:
        self.name = name
        self.dimension = dimension
        self.texts: list[str] = []
        self._groups_to_live = groups_to_live

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        """Point at the axis of the first of the words that a text holds."""
        if not self._groups_to_live:
            import os

            os._exit(KILLED)
        self._groups_to_live -= 1
        self.texts += texts
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """The same for a question."""
        axis = next((number for number, word in enumerate(WORDS) if word in text), 3)
        return [1.0 if each == axis else 0.001 for each in range(self.dimension)]


@pytest.fixture(params=["chroma", "faiss"])
def settings(request: pytest.FixtureRequest, make_settings: Callable[..., Settings]) -> Settings:
    """Settings of an empty data folder, for each kind of store."""
    return make_settings(engine="scripted", db_type=request.param, chunk_size=100, chunk_overlap=0)


@pytest.fixture
async def filled(settings: Settings, tmp_path: Path) -> Settings:
    """Settings of a data folder with three documents of 100 chunks, embedded with 'first'."""
    application = build(settings, CountingEmbedder("first", 8))
    files = []
    for word in WORDS:
        path = tmp_path / f"{word}.txt"
        path.write_text("\n\n".join(f"{word} {number} {'x' * 80}" for number in range(100)))
        files.append(IncomingFile(path, path.name))
    async for _ in application.services.ingestion.ingest(files, USER_DATA, ME):
        pass
    await application.close()
    return settings


async def found(settings: Settings, embedder: CountingEmbedder) -> dict[str, str]:
    """Start, and return which document each word finds."""
    application = build(settings, embedder)
    searching = application.services.retrieval
    names = {
        word: (await searching.search(word, Scope((USER_DATA,), (), 1), ME))[0].document_name
        for word in WORDS
    }
    [collection] = [
        each for each in await application.services.collections.list(ME) if each.name == USER_DATA
    ]
    assert application.indexes.vectors.count(collection.id) == 300
    await application.close()
    return names


EXPECTED = {word: f"{word}.txt" for word in WORDS}


async def test_another_embedder_is_refused_until_everything_was_embedded_with_it(
    filled: Settings,
) -> None:
    second = CountingEmbedder("second", 16)
    with pytest.raises(InvalidSetting, match=r"with first, not second: .*carrel reindex"):
        build(filled, second)
    with bootstrap.reindexing(filled, second) as reindexing:
        states = list(reindexing.run())
    assert (states[0].chunks_done, states[0].documents_total) == (0, 3)
    assert (states[-1].documents_done, states[-1].chunks_done) == (3, 300)
    assert states[-1].seconds_left == 0
    assert [each.chunks_done for each in states[:3]] == [0, 64, 100]
    assert len(second.texts) == 300
    assert await found(filled, CountingEmbedder("second", 16)) == EXPECTED
    with pytest.raises(InvalidSetting, match="with second, not first"):
        build(filled, CountingEmbedder("first", 8))


async def test_the_same_embedder_embeds_everything_again(filled: Settings) -> None:
    again = CountingEmbedder("first", 8)
    with bootstrap.reindexing(filled, again) as reindexing:
        assert list(reindexing.run())[-1].chunks_done == 300
    assert len(again.texts) == 300


async def test_an_embedder_that_cannot_be_loaded_changes_nothing(filled: Settings) -> None:
    class Missing(CountingEmbedder):
        def embed_query(self, text: str) -> list[float]:
            raise ModelNotFound("There is no such model.")

    with (
        bootstrap.reindexing(filled, Missing("missing", 16)) as reindexing,
        pytest.raises(ModelNotFound),
    ):
        list(reindexing.run())
    first = CountingEmbedder("first", 8)
    assert await found(filled, first) == EXPECTED
    assert first.texts == []


def kill_in_the_middle(settings: Settings) -> None:
    """Reindex in a process that is killed in the second half of the second document.

    A document of 100 chunks is embedded in 7 groups, 4 of which make its first batch.
    """
    script = (
        "import sys; sys.path += sys.argv[2:]\n"
        "from carrel import bootstrap\n"
        "from carrel.settings.schema import Settings\n"
        "from test_reindexing import CountingEmbedder\n"
        "settings = Settings.model_validate_json(sys.argv[1])\n"
        "with bootstrap.reindexing(settings, CountingEmbedder('second', 16, 11)) as reindexing:\n"
        "    list(reindexing.run())\n"
    )
    folders = [str(Path(__file__).parent), str(ROOT / "tests")]
    done = subprocess.run(
        [sys.executable, "-c", script, settings.model_dump_json(), *folders],
        cwd=ROOT / "src",
        check=False,
    )
    assert done.returncode == KILLED


async def test_a_killed_reindex_is_finished_by_the_next_start(filled: Settings) -> None:
    kill_in_the_middle(filled)
    with pytest.raises(InvalidSetting, match="with second, not first"):
        build(filled, CountingEmbedder("first", 8))
    second = CountingEmbedder("second", 16)
    assert await found(filled, second) == EXPECTED
    # Neither the first document nor the batch of the second that was stored is embedded again.
    assert len(second.texts) == 200 - BATCH


async def test_a_killed_reindex_continues_where_it_was(filled: Settings) -> None:
    kill_in_the_middle(filled)
    second = CountingEmbedder("second", 16)
    with bootstrap.reindexing(filled, second) as reindexing:
        assert list(reindexing.run())[-1].documents_done == 2
    assert len(second.texts) == 200 - BATCH
    assert await found(filled, second) == EXPECTED


async def test_a_killed_reindex_can_be_taken_back(filled: Settings) -> None:
    kill_in_the_middle(filled)
    first = CountingEmbedder("first", 8)
    with bootstrap.reindexing(filled, first) as reindexing:
        list(reindexing.run())
    assert len(first.texts) == 300
    assert await found(filled, first) == EXPECTED


@pytest.fixture
async def three(filled: Settings, tmp_path: Path) -> Settings:
    """The same with a document of 20 chunks in each of the collections 'Birds' and 'Zoo', too."""
    application = build(filled, CountingEmbedder("first", 8))
    for name in ("Birds", "Zoo"):
        await application.services.collections.create(name, True, ME)
        path = tmp_path / f"{name}.txt"
        path.write_text("\n\n".join(f"{name} heron {number} {'x' * 80}" for number in range(20)))
        files = [IncomingFile(path, path.name)]
        async for _ in application.services.ingestion.ingest(files, name, ME):
            pass
    await application.close()
    return filled


def chunks_embedded(settings: Settings, embedder: CountingEmbedder) -> int:
    """Reindex, and return how many chunks that embedded."""
    with bootstrap.reindexing(settings, embedder) as reindexing:
        list(reindexing.run())
    return len(embedder.texts)


async def test_a_killed_reindex_continues_with_the_collections_that_are_left(
    three: Settings,
) -> None:
    kill_in_the_middle(three)
    # Birds are done (2 groups), UserData has one document, and the Zoo was not come to.
    with pytest.raises(InvalidSetting, match=r"^Collection 'Zoo' was embedded with first, not sec"):
        build(three, CountingEmbedder("second", 16))
    with pytest.raises(
        InvalidSetting,
        match=r"^Collections 'Birds' and 'UserData' were embedded with second, not first: .*stopped"
        r".*'carrel reindex --embedder=first'",
    ):
        build(three, CountingEmbedder("first", 8))
    assert chunks_embedded(three, CountingEmbedder("second", 16)) == 200 + 20
    again = CountingEmbedder("second", 16)
    assert await found(three, again) == EXPECTED
    assert again.texts == []


async def test_a_killed_reindex_of_some_collections_can_be_taken_back(three: Settings) -> None:
    kill_in_the_middle(three)
    assert chunks_embedded(three, CountingEmbedder("first", 8)) == 20 + 300
    first = CountingEmbedder("first", 8)
    assert await found(three, first) == EXPECTED
    assert first.texts == []


async def test_collections_without_documents_go_over_to_another_embedder(
    settings: Settings, tmp_path: Path
) -> None:
    application = build(settings, CountingEmbedder("first", 8))
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"no PDF")
    words = tmp_path / "words.txt"
    words.write_text("heron")
    files = [IncomingFile(broken, "broken.pdf"), IncomingFile(words, "words.txt")]
    async for _ in application.services.ingestion.ingest(files, USER_DATA, ME):
        pass
    collections = application.services.collections
    for record in await collections.documents(USER_DATA, ME):
        if record.name == "words.txt":
            await collections.delete_document(USER_DATA, record.id, ME)
    await application.close()
    # Vectors of another length: what was left of the first embedder would refuse them.
    application = build(settings, CountingEmbedder("second", 16))
    events = [
        each async for each in application.services.ingestion.ingest(files[1:], USER_DATA, ME)
    ]
    await application.close()
    [outcome] = [each for each in events if isinstance(each, FileOutcome)]
    assert outcome.kind is OutcomeKind.ADDED


async def test_the_other_store_keeps_no_vectors_of_the_earlier_embedder(filled: Settings) -> None:
    other = "faiss" if filled.documents.db_type == "chroma" else "chroma"
    documents = filled.documents.model_copy(update={"db_type": other})
    elsewhere = filled.model_copy(update={"documents": documents})
    assert await found(elsewhere, CountingEmbedder("first", 8)) == EXPECTED
    # Of the same length, so that only the store's content can tell the two apart.
    with bootstrap.reindexing(filled, CountingEmbedder("second", 8)) as reindexing:
        list(reindexing.run())
    second = CountingEmbedder("second", 8)
    assert await found(elsewhere, second) == EXPECTED
    assert len(second.texts) == 300
