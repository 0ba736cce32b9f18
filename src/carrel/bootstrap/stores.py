"""Opens the data folder: catalog, indexes and embedder."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from typing import get_args

from carrel.bootstrap.agreement import require_catalog, require_known
from carrel.core.errors import InvalidSetting
from carrel.core.protocols.adapters import Embedder, VectorIndex
from carrel.disk.private import make_private, write_privately
from carrel.index.chroma.chroma_server import ChromaServerIndex
from carrel.index.chroma.durable_chroma import DurableChromaIndex
from carrel.index.chroma.server_namespace import mark_outdated
from carrel.index.embedding.embedder import SentenceTransformerEmbedder
from carrel.index.embedding.multilingual_embedder import MultilingualEmbedder
from carrel.index.embedding.remote_embedder import RemoteEmbedder, is_remote
from carrel.index.faiss.faiss import FaissIndex
from carrel.index.keyword.keyword import SqliteKeywordIndex
from carrel.services.indexing.foreign_vectors import ForeignVectors
from carrel.services.indexing.indexing import DocumentIndexer
from carrel.services.indexing.reconciling import Reconciling
from carrel.services.retrieval.retrieval import SearchIndexes
from carrel.settings.document_settings import BUNDLED, DocumentSettings
from carrel.settings.schema import Settings
from carrel.storage.catalog import SqliteCatalog
from carrel.storage.database import Database
from carrel.storage.jobs import SqliteJobStore
from carrel.storage.lock import DataFolderLock
from carrel.storage.originals import OriginalFiles
from carrel.storage.quarantine import Quarantine


@dataclass(frozen=True, slots=True)
class Stores:
    """The opened data folder."""

    lock: DataFolderLock
    database: Database
    catalog: SqliteCatalog
    jobs: SqliteJobStore
    originals: OriginalFiles
    indexer: DocumentIndexer
    reconciling: Reconciling
    indexes: SearchIndexes


def open_stores(
    settings: Settings,
    embedder: Embedder | None,
    opening: ExitStack,
    *,
    recovering: bool = False,
) -> Stores:
    """Lock the data folder and open its stores, closed with ``opening``.

    ``recovering`` gives up documents in the indexes that the catalog does not know.
    """
    folder = settings.storage.db_dir
    write_privately()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidSetting(
            f"The folder {folder} of --db_dir cannot be created: {error.strerror}."
        ) from error
    lock = DataFolderLock(folder)
    lock.acquire()
    opening.callback(lock.release)
    require_catalog(folder)
    make_private(folder)
    database = Database(folder / "catalog.db")
    opening.callback(database.close)
    vectors = vector_index(settings)
    opening.callback(vectors.close)
    keywords = SqliteKeywordIndex(folder / "keyword.db")
    opening.callback(keywords.close)
    embedder = embedder or _embedder(settings.documents, settings.server.offline, opening)
    catalog = SqliteCatalog(database)
    multilingual = MultilingualEmbedder() if embedder.name == BUNDLED else None
    foreign = ForeignVectors(vectors, multilingual)
    indexer = DocumentIndexer(catalog, embedder, vectors, keywords, foreign)
    quarantine = Quarantine(folder / "quarantine")
    quarantine.report()
    originals = OriginalFiles(folder / "originals", quarantine)
    reconciling = Reconciling(catalog, indexer, originals)
    if not recovering:
        require_known(folder, reconciling.leftovers())
    return Stores(
        lock,
        database,
        catalog,
        SqliteJobStore(database),
        originals,
        indexer,
        reconciling,
        SearchIndexes(embedder, vectors, keywords, foreign),
    )


def _embedder(documents: DocumentSettings, offline: bool, opening: ExitStack) -> Embedder:
    if not is_remote(documents.embedder):
        return SentenceTransformerEmbedder(documents.embedder, offline=offline)
    key = documents.embedder_api_key
    secret = key.get_secret_value() if key is not None else None
    window = documents.embedder_window
    remote = RemoteEmbedder(documents.embedder, secret, window=window, offline=offline)
    opening.callback(remote.close)
    return remote


def vector_index(settings: Settings) -> VectorIndex:
    """Return the vector store of the settings."""
    documents = settings.documents
    folder = settings.storage.db_dir / documents.db_type
    if documents.db_url is None:
        return DurableChromaIndex(folder) if documents.db_type == "chroma" else FaissIndex(folder)
    token = documents.db_token.get_secret_value() if documents.db_token is not None else None
    return ChromaServerIndex(documents.db_url, token, folder, offline=settings.server.offline)


def remove_other_stores(settings: Settings) -> None:
    """Remove the vectors of the stores that are not in use."""
    for kind in get_args(DocumentSettings.model_fields["db_type"].annotation):
        folder = settings.storage.db_dir / kind
        if kind == settings.documents.db_type:
            continue
        if kind == "chroma_server":
            # Only the configured server is connected to; its vectors go when it is used again.
            mark_outdated(folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)
