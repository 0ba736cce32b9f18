"""``carrel serve``: serves the page and the API on one port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any

import structlog

from carrel import bootstrap, server
from carrel.bootstrap import Application
from carrel.cli.command import Invocation
from carrel.cli.commands import chat
from carrel.cli.exit_codes import SUCCESS
from carrel.cli.output.progress import describe
from carrel.cli.withheld_output import report_of_loop, withheld_output
from carrel.cli.workspace.folder_passes import folder_passes
from carrel.core.access import Principal
from carrel.core.documents import FileOutcome, IngestionProgress, OutcomeKind
from carrel.core.errors import CarrelError, PathNotFound
from carrel.core.log_reason import log_reason
from carrel.services.ingestion.folder_listing import files_below
from carrel.services.ingestion.folder_sync import FolderEvent, FolderNotice

log = structlog.get_logger()


def run(invocation: Invocation) -> int:
    """Serve until interrupted; with ``--cli=True`` chat in the terminal instead."""
    settings = invocation.settings
    if settings.server.cli:
        return chat.run(invocation)
    server.check_exposure(settings)
    folder = settings.documents.user_path
    if folder is not None and not folder.exists():
        raise PathNotFound(f"There is no folder {folder}.")
    # Everything that can be refused is refused before the slow part.
    listener = server.bind(settings.server.host, settings.server.port)
    with listener, withheld_output():
        application = bootstrap.build(settings)
        host, port = listener.getsockname()[:2]
        address = f"http://{_dialable(host)}:{port}"
        application.publish_address(address)
        application.start()
        _run_loop(_serve(application, listener, address))
    return SUCCESS


def _run_loop(serving: Coroutine[Any, Any, None]) -> None:
    """Run the server in an event loop: uvloop's, which does not exist for Windows."""
    try:
        # A faster loop than asyncio's own leaves more CPU time to the model.
        import uvloop
    except ImportError:
        asyncio.run(serving)
    else:
        uvloop.run(serving)


def _dialable(host: str) -> str:
    """Return the host for programs on this machine."""
    if host in {"0.0.0.0", "::"}:
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


async def _serve(application: Application, listener: server.Listener, address: str) -> None:
    """Run the server, the loading of the model, and the first ingestion concurrently."""
    asyncio.get_running_loop().set_exception_handler(report_of_loop)
    app = await asyncio.to_thread(server.create_app, application.services)
    await application.services.jobs.resume()
    serving = asyncio.create_task(server.serve(app, listener))
    loading = asyncio.create_task(_require_model(application, address))
    folder = application.services.settings.documents.user_path
    reading = asyncio.create_task(_follow_folder(application, folder)) if folder else None
    try:
        # A server without any model is useless: its failure ends the process.
        await asyncio.wait([serving, loading], return_when=asyncio.FIRST_EXCEPTION)
        if loading.done() and not serving.done():
            loading.result()
        await serving
    finally:
        for task in filter(None, (serving, loading, reading)):
            task.cancel()
            with suppress(asyncio.CancelledError, CarrelError):
                await task
        await application.close()


async def _require_model(application: Application, address: str) -> None:
    """Wait for the default model.

    Raises:
        ModelNotFound, ModelLoadFailed: it cannot be served.
    """
    await asyncio.to_thread(application.wait_until_ready)
    models = [each.name for each in application.services.models.models()]
    log.info("model.ready", models=models, page=address)


async def _follow_folder(application: Application, folder: Path) -> None:
    """Synchronise the collection of ``--langchain_mode`` with ``--user_path``.

    A pass that fails is logged; while the folder is watched, another one follows.
    """
    watch = application.services.settings.documents.watch
    watch = watch and await asyncio.to_thread(folder.is_dir)
    skipped: set[str] = set()
    async with aclosing(folder_passes(folder, watch=watch)) as passes:
        async for quiet_seconds in passes:
            try:
                async with aclosing(_events(application, folder, quiet_seconds)) as events:
                    async for event in events:
                        _log(event, skipped)
            except (CarrelError, OSError) as error:
                log.error("ingestion.failed", folder=str(folder), reason=log_reason(error))  # noqa: TRY400


async def _events(
    application: Application, folder: Path, quiet_seconds: float
) -> AsyncGenerator[FolderEvent]:
    """Make one pass over a folder; a single file is ingested."""
    services = application.services
    documents = services.settings.documents
    principal, collection = Principal(), documents.langchain_mode
    await services.collections.ensure(collection, principal)
    if await asyncio.to_thread(folder.is_file):
        files, _ = files_below(folder, services.ingestion.supports)
        async with aclosing(services.jobs.run(files, collection, principal)) as reading:
            async for event in reading:
                yield event
        return
    passing = services.folders.synchronise(
        folder,
        collection,
        principal,
        keep_missing=documents.keep_missing,
        quiet_seconds=quiet_seconds,
    )
    async with aclosing(passing):
        async for each in passing:
            yield each


def _log(event: FolderEvent, skipped: set[str]) -> None:
    """Log what readers and stores do not log themselves; a file without a reader once."""
    match event:
        case FileOutcome(kind=OutcomeKind.ADDED | OutcomeKind.REPLACED, document=document):
            log.info(
                "document.outcome", document=document and document.id, outcome=event.kind.value
            )
        case FileOutcome(document=None, reason=str()) if event.name not in skipped:
            skipped.add(event.name)
            log.warning("document.skipped", code=event.code, skipped=len(skipped))
        case IngestionProgress(current=None):
            log.info("ingestion.progress", state=describe(event))
        case FolderNotice():
            # After the colon follow names.
            log.warning("folder.notice", reason=event.text.partition(":")[0])
