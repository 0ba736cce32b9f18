"""All services of a running application, for the interfaces."""

from __future__ import annotations

from dataclasses import dataclass

from carrel.core.models import EnginePool
from carrel.services.arena.arena import ArenaService
from carrel.services.chat.chat import ChatService
from carrel.services.citations.page_previews import PagePreviews
from carrel.services.collections import CollectionService
from carrel.services.document_tasks import DocumentTaskService
from carrel.services.embeddings import EmbeddingService
from carrel.services.health import HealthService
from carrel.services.history.history import HistoryService
from carrel.services.ingestion.folder_sync import FolderSync
from carrel.services.ingestion.ingestion import IngestionService
from carrel.services.ingestion.jobs import IngestionJobs
from carrel.services.ingestion.reingestion import ReingestionService
from carrel.services.ingestion.web import WebService
from carrel.services.outward import Outward
from carrel.services.retrieval.retrieval import RetrievalService
from carrel.services.summaries.summarize import SummarizationService
from carrel.settings.schema import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """The services that an interface needs; built by ``carrel.bootstrap``."""

    settings: Settings
    models: EnginePool
    chat: ChatService
    ingestion: IngestionService
    jobs: IngestionJobs
    reingestion: ReingestionService
    collections: CollectionService
    retrieval: RetrievalService
    summaries: SummarizationService
    tasks: DocumentTaskService
    embeddings: EmbeddingService
    folders: FolderSync
    history: HistoryService
    health: HealthService
    web: WebService
    places: PagePreviews
    arena: ArenaService
    outward: Outward
