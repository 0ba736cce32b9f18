"""``carrel serve``: the page and the API on one port."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import structlog
import uvloop

from carrel import bootstrap, server
from carrel.bootstrap import Application
from carrel.cli import chat
from carrel.cli.command import Command, Invocation
from carrel.cli.exit_codes import SUCCESS
from carrel.cli.progress import describe
from carrel.core.access import Principal
from carrel.core.documents import FileOutcome, OutcomeKind
from carrel.core.errors import CarrelError
from carrel.services.folder import files_below

log = structlog.get_logger()


def run(invocation: Invocation) -> int:
    """Serve until interrupted; with ``--cli=True`` chat in the terminal instead."""
    settings = invocation.settings
    if settings.server.cli:
        return chat.run(invocation)
    server.check_exposure(settings)
    if settings.documents.user_path is not None:
        files_below(settings.documents.user_path, bootstrap.reader_registry().supports)
    # Everything that can be refused is refused before the slow part.
    listener = server.bind(settings.server.host, settings.server.port)
    with listener:
        application = bootstrap.build(settings)
        host, port = listener.getsockname()[:2]
        address = f"http://{_dialable(host)}:{port}"
        application.publish_address(address)
        application.start()
        # A faster loop than asyncio's own leaves more of the processor to the model.
        uvloop.run(_serve(application, listener, address))
    return SUCCESS


def _dialable(host: str) -> str:
    """Return the host by which a program on this machine reaches the server."""
    if host in {"0.0.0.0", "::"}:
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


async def _serve(application: Application, listener: server.Listener, address: str) -> None:
    """Run the server, the watch over the loading model, and the first ingestion side by side."""
    app = await asyncio.to_thread(server.create_app, application.services)
    await application.services.jobs.resume()
    serving = asyncio.create_task(server.serve(app, listener))
    loading = asyncio.create_task(_require_model(application, address))
    folder = application.services.settings.documents.user_path
    reading = asyncio.create_task(_ingest_folder(application, folder)) if folder else None
    try:
        # A server without any model answers nothing: its failure ends the process.
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


async def _ingest_folder(application: Application, folder: Path) -> None:
    """Ingest ``--user_path`` into the collection of ``--langchain_mode``."""
    services = application.services
    principal = Principal()
    collection = services.settings.documents.langchain_mode
    files, skipped = files_below(folder, services.ingestion.supports)
    for name in skipped:
        log.warning("document.skipped", document=name, reason="no reader for this kind of file")
    try:
        await services.collections.ensure(collection, principal)
        async for event in services.jobs.run(files, collection, principal):
            if isinstance(event, FileOutcome) and event.kind is not OutcomeKind.FAILED:
                log.info("document.outcome", document=event.name, outcome=event.kind.value)
            elif not isinstance(event, FileOutcome) and event.current is None:
                log.info("ingestion.progress", state=describe(event))
    except CarrelError as error:
        log.error("ingestion.failed", folder=str(folder), reason=str(error))  # noqa: TRY400


COMMAND = Command("serve", "serve", "Serve the page and the API (what generate.py does).", run)
