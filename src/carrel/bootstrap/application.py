"""Builds the application from its settings."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from threading import Event

from carrel.bootstrap.agreement import Recovery, set_unknown_aside
from carrel.bootstrap.services import make_readers, make_services, public_web
from carrel.bootstrap.stores import open_stores, remove_other_stores
from carrel.core.protocols.adapters import Embedder
from carrel.core.web import WebSource
from carrel.engine.build import model_loaders, model_planner, score_spec
from carrel.engine.loading.conversion import make_conversions_private
from carrel.engine.pool import ModelPool
from carrel.engine.scoring.reward import RewardModel
from carrel.ingest.sandbox.idle_processes import IdleProcesses
from carrel.services.application import Services
from carrel.services.indexing.reconciling import Progress
from carrel.services.indexing.reindexing import Reindexing
from carrel.services.ingestion.job_runner import files_of_running_jobs
from carrel.services.retrieval.retrieval import SearchIndexes
from carrel.settings.schema import Settings
from carrel.storage.lock import DataFolderLock

MODEL_FIRST_SECONDS = 20.0
"""How long the embedder waits for the default model to be loaded. A model that takes longer waits
for a disk or a network itself, and the embedder loads beside it."""

QUESTION_FIRST_SECONDS = 1.5
"""How long the embedder then leaves the interpreter to a client that waited for the model and asks
at once: beside its imports, 16 tokens of the bundled model took 2.7 s, without them 0.4."""


@dataclass(slots=True)
class Application:
    """A running application: its services, and the resources to close."""

    services: Services
    pool: ModelPool
    scorer: RewardModel | None
    indexes: SearchIndexes
    lock: DataFolderLock
    resources: ExitStack
    _warming: Future[None] | None = None
    _closing: Event = field(default_factory=Event)

    def start(self) -> None:
        """Start loading the models, the score model and the embedder in the background."""
        self.pool.start()
        if self.scorer is not None:
            self.scorer.start()
        executor = ThreadPoolExecutor(1, thread_name_prefix="embedder-load")
        self._warming = executor.submit(self._load_embedder)
        executor.shutdown(wait=False)

    def _load_embedder(self) -> None:
        # Most of either load is Python's own work, of which there is one thread at a time, and
        # every question needs the model. Documents that come meanwhile load the embedder at once.
        self.pool.wait_for_default(MODEL_FIRST_SECONDS)
        if not self._closing.wait(QUESTION_FIRST_SECONDS):
            self.indexes.embedder.embed_query("load the weights")

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
        """Block until answers can be scored, if a score model is set.

        A server does not wait: its first answers come without a score rather than late.

        Raises:
            ModelNotFound, ModelLoadFailed: the score model cannot be loaded.
        """
        if self.scorer is not None:
            self.scorer.wait_until_ready()

    def publish_address(self, address: str) -> None:
        """Publish the server's URL to other processes."""
        self.lock.publish(address)

    async def close(self) -> None:
        """Stop the models, flush the stores, and release the data folder."""
        self._closing.set()
        await self.pool.close()
        if self.scorer is not None:
            await self.scorer.close()
        if self._warming is not None:
            await asyncio.to_thread(wait, [self._warming])
        await self.services.jobs.close()
        await asyncio.to_thread(self.services.ingestion.close)
        await asyncio.to_thread(self.resources.close)


def build(
    settings: Settings,
    embedder: Embedder | None = None,
    web: WebSource | None = None,
    rebuilding: Progress = lambda done, total: None,
    idle_readers: IdleProcesses | None = None,
) -> Application:
    """Open the data folder and build the services; models are not loaded yet.

    ``embedder`` replaces the one of the settings, ``web`` the public internet. Documents that an
    index lacks are indexed first: ``rebuilding`` receives the number done and the total.
    ``idle_readers`` keeps reading processes for further applications, and is not closed with this.

    Raises:
        StoreInUse: another process holds the data folder.
        StorageFull, StoreCorrupt: the data folder cannot be used.
        CatalogIncomplete: the catalog is not the one of the data folder.
        InvalidSetting: the folder cannot be made, or its documents have another embedder.
        RemoteUnavailable, OfflineRefused: the store is on a server that cannot be used.
    """
    with ExitStack() as opening:
        stores = open_stores(settings, embedder, opening)
        stores.indexer.require_same_embedder()
        stores.reconciling.run(files_of_running_jobs(stores.jobs), rebuilding)
        make_conversions_private(settings.storage.models_dir)
        pool = ModelPool(model_loaders(settings), model_planner(settings))
        spec = score_spec(settings)
        scorer = RewardModel(spec) if spec is not None else None
        readers = make_readers(settings.documents, opening, idle_readers)
        services = make_services(
            settings,
            stores,
            readers=readers,
            # Separate processes: a cancelled job interrupts those of the readers.
            painter=make_readers(settings.documents, opening, idle_readers),
            web=web or public_web(settings, readers),
            pool=pool,
            scorer=scorer,
        )
        return Application(services, pool, scorer, stores.indexes, stores.lock, opening.pop_all())


def recover(
    settings: Settings,
    embedder: Embedder | None = None,
    rebuilding: Progress = lambda done, total: None,
) -> Recovery:
    """Set aside what the catalog does not know, and repair the rest.

    Raises:
        StoreInUse: another process holds the data folder.
        StorageFull, StoreCorrupt, InvalidSetting: the data folder cannot be used.
        RemoteUnavailable, OfflineRefused: the store is on a server that cannot be used.
    """
    recovery = set_unknown_aside(settings.storage.db_dir)
    with ExitStack() as opening:
        stores = open_stores(settings, embedder, opening, recovering=True)
        stores.indexer.require_same_embedder()
        stores.reconciling.run(files_of_running_jobs(stores.jobs), rebuilding)
    return recovery


@contextmanager
def reindexing(settings: Settings, embedder: Embedder | None = None) -> Iterator[Reindexing]:
    """Open the data folder only to recompute all its vectors, with the embedder of the settings.

    Raises:
        StoreInUse: another process holds the data folder.
        StorageFull, StoreCorrupt, InvalidSetting: the data folder cannot be used.
        CatalogIncomplete: the catalog is not the one of the data folder.
        RemoteUnavailable, OfflineRefused: the store is on a server that cannot be used.
    """
    with ExitStack() as opening:
        stores = open_stores(settings, embedder, opening)
        yield Reindexing(
            stores.indexer,
            stores.catalog,
            stores.indexes.embedder,
            lambda: remove_other_stores(settings),
        )
