"""Joins the parts: the one file that names concrete adapters."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from carrel.core.errors import InvalidSetting
from carrel.core.protocols import Embedder, TextWindow, VectorIndex
from carrel.core.reading import PagePainter, ReaderRegistry, Splitter
from carrel.core.reranking import Reranker
from carrel.core.web import WebSource
from carrel.core.wiki import WikiDump
from carrel.engine.build import model_loaders, model_planner, score_spec
from carrel.engine.pool import ModelPool
from carrel.engine.scoring.reward import RewardModel
from carrel.index.chroma_server import ChromaServerIndex
from carrel.index.cross_encoder import CrossEncoderReranker
from carrel.index.embedder import SentenceTransformerEmbedder
from carrel.index.faiss import FaissIndex
from carrel.index.kept_chroma import KeptChromaIndex
from carrel.index.keyword import SqliteKeywordIndex
from carrel.index.remote_embedder import RemoteEmbedder, is_remote
from carrel.index.server_namespace import mark_outdated
from carrel.ingest.confined import ConfinedReaders, ReadingLimits
from carrel.ingest.registry import default_registry
from carrel.ingest.splitter import RecursiveSplitter
from carrel.ingest.wiki_volumes import ExportedWiki
from carrel.ingest.window import WindowSplitter
from carrel.services.application import Services
from carrel.services.chat import ChatPolicy, ChatService
from carrel.services.collections import CollectionService
from carrel.services.digest_documents import DigestDocuments
from carrel.services.file_ingestion import FileIngestion, ReadingTools, reading_fingerprint
from carrel.services.folder_sync import FolderSync
from carrel.services.health import HealthService
from carrel.services.history import HistoryService
from carrel.services.indexing import DocumentIndexer
from carrel.services.ingestion import IngestionService
from carrel.services.job_in_work import files_in_work
from carrel.services.jobs import IngestionJobs
from carrel.services.places import PlaceService
from carrel.services.quoted_answers import QuotedAnswers
from carrel.services.reindexing import Reindexing
from carrel.services.retrieval import RetrievalService, SearchIndexes
from carrel.services.rewriting import Rewriting
from carrel.services.scoring import AnswerScoring
from carrel.services.summarize import DigestPolicy, DigestService
from carrel.services.web import WebService
from carrel.services.whole_documents import WholeDocumentReading
from carrel.settings.document_settings import DocumentSettings
from carrel.settings.schema import Settings
from carrel.storage.catalog import SqliteCatalog
from carrel.storage.conversations import SqliteConversationStore
from carrel.storage.database import Database
from carrel.storage.folder_files import SqliteFolderFiles
from carrel.storage.jobs import SqliteJobStore
from carrel.storage.lock import DataFolderLock
from carrel.storage.originals import OriginalFiles
from carrel.web.allowance import WebLimits
from carrel.web.source import PublicWeb


@dataclass(slots=True)
class Application:
    """A running Carrel: its services, and what has to be closed at the end."""

    services: Services
    pool: ModelPool
    scorer: RewardModel | None
    indexes: SearchIndexes
    lock: DataFolderLock
    resources: ExitStack
    _warming: Future[list[float]] | None = None

    def start(self) -> None:
        """Start loading the models, the score model and the embedder in the background."""
        self.pool.start()
        if self.scorer is not None:
            self.scorer.start()
        executor = ThreadPoolExecutor(1, thread_name_prefix="embedder-load")
        self._warming = executor.submit(self.indexes.embedder.embed_query, "load the weights")
        executor.shutdown(wait=False)

    def wait_until_ready(self) -> None:
        """Block until the default model can answer.

        Raises:
            ModelNotFound, ModelLoadFailed: it, or the embedder, cannot be loaded.
        """
        self.pool.start()
        self.pool.wait_until_ready()
        if self._warming is not None:
            self._warming.result()

    def wait_for_score_model(self) -> None:
        """Block until answers can be scored, where the settings want that.

        A server does not wait: its first answers come without a score rather than late.

        Raises:
            ModelNotFound, ModelLoadFailed: the score model cannot be loaded.
        """
        if self.scorer is not None:
            self.scorer.wait_until_ready()

    def publish_address(self, address: str) -> None:
        """Let other processes know where this one can be reached."""
        self.lock.publish(address)

    async def close(self) -> None:
        """Stop the models, write what is unwritten, and let go of the data folder."""
        await self.pool.close()
        if self.scorer is not None:
            await self.scorer.close()
        if self._warming is not None:
            await asyncio.to_thread(wait, [self._warming])
        await self.services.jobs.close()
        await asyncio.to_thread(self.services.ingestion.close)
        await asyncio.to_thread(self.resources.close)


def reader_registry() -> ReaderRegistry:
    """Return the readers of all formats, to ask which files can be read."""
    return default_registry()


def wiki_dump(path: Path, views: Path | None = None, least_views: int = 0) -> WikiDump:
    """Return a wiki's dump, and only its articles with so many page views where that is asked.

    Raises:
        PathNotFound: there is no such file.
        UnreadableDocument: it is no dump.
    """
    return ExportedWiki(path, views, least_views)


def server_address(settings: Settings) -> str | None:
    """Return where the process that holds the data folder serves, if one does."""
    holder = DataFolderLock.holder(settings.storage.db_dir)
    return holder.address if holder else None


def build(
    settings: Settings, embedder: Embedder | None = None, web: WebSource | None = None
) -> Application:
    """Open the data folder and make the services; models are not loaded yet.

    ``embedder`` replaces the one that the settings name, ``web`` the public internet.

    Raises:
        StoreInUse: another process holds the data folder.
        StorageFull, StoreCorrupt: the data folder cannot be used.
        InvalidSetting: the folder cannot be made, or its documents have another embedder.
        RemoteUnavailable, OfflineRefused: the store is on a server that cannot be used.
    """
    with ExitStack() as opening:
        stores = _open_stores(settings, embedder, opening)
        stores.indexer.require_same_embedder()
        stores.indexer.reconcile(stores.originals, files_in_work(stores.jobs))
        pool = ModelPool(model_loaders(settings), model_planner(settings))
        spec = score_spec(settings)
        scorer = RewardModel(spec) if spec is not None else None
        readers = _readers(settings.documents, opening)
        services = _services(
            settings,
            stores,
            readers=readers,
            # Processes of its own: a job that is cancelled interrupts those of the readers.
            painter=_readers(settings.documents, opening),
            web=web or _public_web(settings, readers),
            pool=pool,
            scorer=scorer,
        )
        return Application(services, pool, scorer, stores.indexes, stores.lock, opening.pop_all())


@contextmanager
def reindexing(settings: Settings, embedder: Embedder | None = None) -> Iterator[Reindexing]:
    """Open the data folder only to make all its vectors anew, with the embedder of the settings.

    Raises:
        StoreInUse: another process holds the data folder.
        StorageFull, StoreCorrupt, InvalidSetting: the data folder cannot be used.
        RemoteUnavailable, OfflineRefused: the store is on a server that cannot be used.
    """
    with ExitStack() as opening:
        stores = _open_stores(settings, embedder, opening)
        yield Reindexing(
            stores.indexer,
            stores.catalog,
            stores.indexes.embedder,
            lambda: _remove_other_stores(settings),
        )


def _remove_other_stores(settings: Settings) -> None:
    for kind in get_args(DocumentSettings.model_fields["db_type"].annotation):
        folder = settings.storage.db_dir / kind
        if kind == settings.documents.db_type:
            continue
        if kind == "chroma_server":
            # Only what the settings name is connected to: its vectors go when they name it again.
            mark_outdated(folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _Stores:
    """What the data folder holds, opened."""

    lock: DataFolderLock
    database: Database
    catalog: SqliteCatalog
    jobs: SqliteJobStore
    originals: OriginalFiles
    indexer: DocumentIndexer
    indexes: SearchIndexes


def _open_stores(settings: Settings, embedder: Embedder | None, opening: ExitStack) -> _Stores:
    folder = settings.storage.db_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidSetting(
            f"The folder {folder} of --db_dir cannot be made: {error.strerror}."
        ) from error
    lock = DataFolderLock(folder)
    lock.acquire()
    opening.callback(lock.release)
    database = Database(folder / "catalog.db")
    opening.callback(database.close)
    vectors = _vector_index(settings)
    opening.callback(vectors.close)
    keywords = SqliteKeywordIndex(folder / "keyword.db")
    opening.callback(keywords.close)
    embedder = embedder or _embedder(settings.documents, settings.server.offline, opening)
    catalog = SqliteCatalog(database)
    indexer = DocumentIndexer(catalog, embedder, vectors, keywords)
    return _Stores(
        lock,
        database,
        catalog,
        SqliteJobStore(database),
        OriginalFiles(folder / "originals"),
        indexer,
        SearchIndexes(embedder, vectors, keywords),
    )


def _readers(documents: DocumentSettings, opening: ExitStack) -> ConfinedReaders:
    memory = int(documents.max_reading_memory * 2**30)
    recognition = {"ocr": documents.ocr, "ocr_languages": documents.ocr_languages}
    limits = ReadingLimits(documents.max_reading_seconds, memory)
    readers = ConfinedReaders(limits, recognition)
    opening.callback(readers.close)
    return readers


def _embedder(documents: DocumentSettings, offline: bool, opening: ExitStack) -> Embedder:
    if not is_remote(documents.embedder):
        return SentenceTransformerEmbedder(documents.embedder, offline=offline)
    key = documents.embedder_api_key
    secret = key.get_secret_value() if key is not None else None
    window = documents.embedder_window
    remote = RemoteEmbedder(documents.embedder, secret, window=window, offline=offline)
    opening.callback(remote.close)
    return remote


def _reranker(documents: DocumentSettings, offline: bool) -> Reranker | None:
    if documents.reranker == "none":
        return None
    return CrossEncoderReranker(documents.reranker, offline=offline)


def _splitter(documents: DocumentSettings, embedder: Embedder) -> Splitter:
    by_characters = RecursiveSplitter(documents.chunk_size, documents.chunk_overlap)
    if isinstance(embedder, TextWindow):
        return WindowSplitter(by_characters, embedder)
    return by_characters


def _vector_index(settings: Settings) -> VectorIndex:
    documents = settings.documents
    folder = settings.storage.db_dir / documents.db_type
    if documents.db_url is None:
        return KeptChromaIndex(folder) if documents.db_type == "chroma" else FaissIndex(folder)
    token = documents.db_token.get_secret_value() if documents.db_token is not None else None
    return ChromaServerIndex(documents.db_url, token, folder, offline=settings.server.offline)


def _services(
    settings: Settings,
    stores: _Stores,
    *,
    readers: ReaderRegistry,
    painter: PagePainter,
    web: WebSource,
    pool: ModelPool,
    scorer: RewardModel | None,
) -> Services:
    documents = settings.documents
    catalog, indexes = stores.catalog, stores.indexes
    collections = CollectionService(catalog, stores.originals, stores.indexer)
    tools = ReadingTools(
        readers,
        _splitter(documents, indexes.embedder),
        documents.max_file_megabytes,
        reading_fingerprint(documents),
    )
    files = FileIngestion(catalog, stores.originals, stores.indexer, tools)
    ingestion = IngestionService(collections, files, readers)
    received = settings.storage.db_dir / "incoming"
    reranker = _reranker(documents, settings.server.offline)
    fetching = WebService(web, settings.server.offline)
    jobs = IngestionJobs(stores.jobs, catalog, ingestion, collections, fetching, received)
    retrieval = RetrievalService(
        catalog, indexes, collections, documents.retrieval_candidates, reranker
    )
    policy = ChatPolicy(
        settings.generation.system_prompt,
        documents.source_tokens,
        Rewriting(documents.follow_up),
        QuotedAnswers(indexes.embedder, documents.evidence),
    )
    whole = WholeDocumentReading(catalog, collections, documents.whole_documents)
    scoring = AnswerScoring(scorer, settings.model.score_seconds) if scorer is not None else None
    return Services(
        settings=settings,
        models=pool,
        chat=ChatService(pool, retrieval, policy, scoring, whole),
        ingestion=ingestion,
        jobs=jobs,
        collections=collections,
        retrieval=retrieval,
        digests=DigestService(
            pool, DigestDocuments(catalog, collections), indexes.embedder, DigestPolicy.of(settings)
        ),
        folders=FolderSync(
            SqliteFolderFiles(stores.database), collections, jobs.run, ingestion.supports
        ),
        history=HistoryService(SqliteConversationStore(stores.database)),
        health=HealthService(pool),
        web=fetching,
        places=PlaceService(collections, catalog, painter),
    )


def _public_web(settings: Settings, readers: ReaderRegistry) -> PublicWeb:
    limits = WebLimits(settings.documents.max_file_megabytes, **settings.web.model_dump())
    return PublicWeb(limits, readers.supports)
