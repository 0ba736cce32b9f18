"""Builds the services over the stores, with the adapters of the settings."""

from __future__ import annotations

from contextlib import ExitStack

from carrel.bootstrap.stores import Stores
from carrel.core.protocols.adapters import Embedder, TextWindow
from carrel.core.protocols.reading import PagePainter, ReaderRegistry, Splitter
from carrel.core.protocols.reranking import Reranker
from carrel.core.web import WebSource
from carrel.engine.pool import ModelPool
from carrel.engine.scoring.reward import RewardModel
from carrel.index.embedding.cross_encoder import CrossEncoderReranker
from carrel.ingest.chunking.splitter import RecursiveSplitter
from carrel.ingest.chunking.window import WindowSplitter
from carrel.ingest.sandbox.idle_processes import IdleProcesses
from carrel.ingest.sandbox.sandbox import ReadingLimits, SandboxedReaders
from carrel.services.application import Services
from carrel.services.arena.arena import ArenaService
from carrel.services.chat.abstention import Abstention
from carrel.services.chat.chat import ChatPolicy, ChatService
from carrel.services.chat.collection_answers import CollectionAnswers
from carrel.services.chat.extractive_qa import ExtractiveQA
from carrel.services.chat.recent_vectors import RecentVectors
from carrel.services.chat.rewriting import Rewriting
from carrel.services.chat.scoring import AnswerScoring
from carrel.services.chat.sentence_evidence import SentenceEvidence
from carrel.services.chat.table_questions import TableQuestions
from carrel.services.chat.whole_documents import WholeDocumentReading
from carrel.services.citations.page_previews import PagePreviews
from carrel.services.collections import CollectionService
from carrel.services.document_tasks import DocumentTaskService
from carrel.services.embeddings import EmbeddingService
from carrel.services.health import HealthService
from carrel.services.history.history import HistoryService
from carrel.services.ingestion.document_writing import ReadingTools, reading_fingerprint
from carrel.services.ingestion.file_ingestion import FileIngestion
from carrel.services.ingestion.file_limits import FileLimits
from carrel.services.ingestion.folder_sync import FolderSync
from carrel.services.ingestion.ingestion import IngestionService
from carrel.services.ingestion.jobs import IngestionJobs
from carrel.services.ingestion.reingestion import ReingestionService
from carrel.services.ingestion.web import WebService
from carrel.services.outward import Outward
from carrel.services.retrieval.retrieval import RetrievalService
from carrel.services.summaries.chosen_documents import ChosenDocuments
from carrel.services.summaries.summarize import SummarizationPolicy, SummarizationService
from carrel.settings.document_settings import DocumentSettings
from carrel.settings.schema import Settings
from carrel.storage.conversations import SqliteConversationStore
from carrel.storage.folder_files import SqliteFolderFiles
from carrel.storage.votes import SqliteVoteStore
from carrel.web.allowance import WebLimits
from carrel.web.source import PublicWeb


def make_services(
    settings: Settings,
    stores: Stores,
    *,
    readers: ReaderRegistry,
    painter: PagePainter,
    web: WebSource,
    pool: ModelPool,
    scorer: RewardModel | None,
) -> Services:
    """Return the services over open stores."""
    documents = settings.documents
    catalog, indexes = stores.catalog, stores.indexes
    collections = CollectionService(catalog, stores.originals, stores.indexer)
    tools = ReadingTools(
        readers,
        _splitter(documents, indexes.embedder),
        documents.max_file_megabytes,
        FileLimits.of(documents),
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
    # Declining and quoting look at the same sentences.
    embedder = RecentVectors(indexes.embedder)
    looks_at_sentences = documents.min_relevance is None and SentenceEvidence.knows(embedder)
    policy = ChatPolicy(
        settings.generation.system_prompt,
        documents.source_tokens,
        Rewriting(documents.follow_up),
        Abstention.of(indexes.embedder.name, documents.min_relevance),
        ExtractiveQA(
            embedder,
            documents.evidence,
            indexes.foreign.embedder if indexes.foreign is not None else None,
        ),
        TableQuestions(catalog),
        CollectionAnswers(catalog, indexes.keywords, collections),
        SentenceEvidence(embedder) if looks_at_sentences else None,
    )
    whole = WholeDocumentReading(catalog, collections, documents.whole_documents)
    summaries = SummarizationService(
        pool,
        ChosenDocuments(catalog, collections),
        indexes.embedder,
        SummarizationPolicy.of(settings),
    )
    scoring = AnswerScoring(scorer, settings.model.score_seconds) if scorer is not None else None
    return Services(
        settings=settings,
        models=pool,
        chat=ChatService(pool, retrieval, policy, scoring, whole),
        ingestion=ingestion,
        jobs=jobs,
        reingestion=ReingestionService(collections, ingestion, jobs),
        collections=collections,
        retrieval=retrieval,
        summaries=summaries,
        tasks=DocumentTaskService(summaries, retrieval),
        embeddings=EmbeddingService(indexes.embedder),
        folders=FolderSync(
            SqliteFolderFiles(stores.database), collections, jobs.run, ingestion.supports
        ),
        history=HistoryService(SqliteConversationStore(stores.database)),
        health=HealthService(pool, indexes.embedder),
        web=fetching,
        places=PagePreviews(collections, catalog, painter),
        arena=ArenaService(SqliteVoteStore(stores.database)),
        outward=Outward.of(indexes.embedder, indexes.vectors),
    )


def make_readers(
    documents: DocumentSettings, opening: ExitStack, idle: IdleProcesses | None = None
) -> SandboxedReaders:
    """Return the readers, sandboxed in processes that are closed with ``opening``.

    Raises:
        InvalidSetting: the package of ``reader`` is not installed.
    """
    memory = int(documents.max_reading_memory * 2**30)
    options = {
        "ocr": documents.ocr,
        "ocr_languages": documents.ocr_languages,
        "reader": documents.reader,
        "ocr_picture_seconds": str(documents.ocr_picture_seconds),
    }
    limits = ReadingLimits(documents.max_reading_seconds, memory)
    readers = SandboxedReaders(limits, options, idle=idle)
    opening.callback(readers.close)
    return readers


def _splitter(documents: DocumentSettings, embedder: Embedder) -> Splitter:
    by_characters = RecursiveSplitter(documents.chunk_size, documents.chunk_overlap)
    if isinstance(embedder, TextWindow):
        return WindowSplitter(by_characters, embedder)
    return by_characters


def _reranker(documents: DocumentSettings, offline: bool) -> Reranker | None:
    if documents.reranker == "none":
        return None
    return CrossEncoderReranker(documents.reranker, offline=offline)


def public_web(settings: Settings, readers: ReaderRegistry) -> PublicWeb:
    """Return the public internet, with the limits of the settings."""
    limits = WebLimits(settings.documents.max_file_megabytes, **settings.web.model_dump())
    return PublicWeb(limits, readers.supports)
