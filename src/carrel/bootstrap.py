"""Joins the parts: the one file that names concrete adapters."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from carrel.core.errors import InvalidSetting
from carrel.core.protocols import Embedder, ReaderRegistry, VectorIndex
from carrel.core.wiki import WikiDump
from carrel.engine.build import model_loaders, model_planner, score_spec
from carrel.engine.pool import ModelPool
from carrel.engine.scoring.reward import RewardModel
from carrel.index.chroma import ChromaIndex
from carrel.index.embedder import SentenceTransformerEmbedder
from carrel.index.faiss import FaissIndex
from carrel.index.keyword import SqliteKeywordIndex
from carrel.ingest.confined import ConfinedReaders, ReadingLimits
from carrel.ingest.registry import default_registry
from carrel.ingest.splitter import RecursiveSplitter
from carrel.ingest.wiki_volumes import ExportedWiki
from carrel.services.application import Services
from carrel.services.chat import ChatPolicy, ChatService
from carrel.services.collections import CollectionService
from carrel.services.health import HealthService
from carrel.services.history import HistoryService
from carrel.services.indexing import DocumentIndexer
from carrel.services.ingestion import IngestionService, ReadingTools
from carrel.services.retrieval import RetrievalService, SearchIndexes
from carrel.services.scoring import AnswerScoring
from carrel.settings.document_settings import DocumentSettings
from carrel.settings.schema import Settings
from carrel.storage.catalog import SqliteCatalog
from carrel.storage.conversations import SqliteConversationStore
from carrel.storage.database import Database
from carrel.storage.lock import DataFolderLock
from carrel.storage.originals import OriginalFiles


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


def build(settings: Settings, embedder: Embedder | None = None) -> Application:
    """Open the data folder and make the services; models are not loaded yet.

    ``embedder`` replaces the one that the settings name.

    Raises:
        StoreInUse: another process holds the data folder.
        StorageFull, StoreCorrupt: the data folder cannot be used.
        InvalidSetting: the folder cannot be made, or its documents have another embedder.
    """
    folder = settings.storage.db_dir
    with ExitStack() as opening:
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
        originals = OriginalFiles(folder / "originals")
        embedder = embedder or SentenceTransformerEmbedder(
            settings.documents.embedder, offline=settings.server.offline
        )
        catalog = SqliteCatalog(database)
        indexer = DocumentIndexer(catalog, embedder, vectors, keywords)
        indexer.require_same_embedder()
        indexer.reconcile(originals)
        pool = ModelPool(model_loaders(settings), model_planner(settings))
        spec = score_spec(settings)
        scorer = RewardModel(spec) if spec is not None else None
        indexes = SearchIndexes(embedder, vectors, keywords)
        readers = _readers(settings.documents)
        opening.callback(readers.close)
        services = _services(
            settings,
            pool,
            readers=readers,
            scorer=scorer,
            catalog=catalog,
            originals=originals,
            indexer=indexer,
            history=HistoryService(SqliteConversationStore(database)),
            indexes=indexes,
        )
        return Application(services, pool, scorer, indexes, lock, opening.pop_all())


def _readers(documents: DocumentSettings) -> ConfinedReaders:
    memory = int(documents.max_reading_memory * 2**30)
    recognition = {"ocr": documents.ocr, "ocr_languages": documents.ocr_languages}
    return ConfinedReaders(ReadingLimits(documents.max_reading_seconds, memory), recognition)


def _vector_index(settings: Settings) -> VectorIndex:
    folder = settings.storage.db_dir / settings.documents.db_type
    return ChromaIndex(folder) if settings.documents.db_type == "chroma" else FaissIndex(folder)


def _services(
    settings: Settings,
    pool: ModelPool,
    *,
    readers: ReaderRegistry,
    scorer: RewardModel | None,
    catalog: SqliteCatalog,
    originals: OriginalFiles,
    indexer: DocumentIndexer,
    history: HistoryService,
    indexes: SearchIndexes,
) -> Services:
    documents = settings.documents
    collections = CollectionService(catalog, originals, indexer)
    tools = ReadingTools(
        readers,
        RecursiveSplitter(documents.chunk_size, documents.chunk_overlap),
        documents.max_file_megabytes,
    )
    retrieval = RetrievalService(catalog, indexes, collections, documents.retrieval_candidates)
    policy = ChatPolicy(settings.generation.system_prompt, documents.source_tokens)
    scoring = AnswerScoring(scorer, settings.model.score_seconds) if scorer is not None else None
    return Services(
        settings=settings,
        models=pool,
        chat=ChatService(pool, retrieval, policy, scoring),
        ingestion=IngestionService(catalog, originals, collections, indexer, tools),
        collections=collections,
        retrieval=retrieval,
        history=history,
        health=HealthService(pool),
    )
