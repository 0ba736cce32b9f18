"""The server: API and page, port, start and shutdown."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI

from carrel.api.app import create_api
from carrel.api.deps import Api, api_of
from carrel.api.middleware.http_protocol import HttpProtocol, protocol_with
from carrel.api.middleware.open_connections import (
    ConnectionLimits,
    OpenConnections,
    limits_of_process,
)
from carrel.api.middleware.security import key_of
from carrel.core.errors import InvalidSetting, PortInUse
from carrel.core.runtime.collection_pause import collection_paused
from carrel.core.runtime.loopback import is_loopback
from carrel.services.application import Services
from carrel.settings.process_environment import keep_page_files_in
from carrel.settings.schema import Settings

Listener = socket.socket

BACKLOG = 2048
GRACE_SECONDS = 2.0
"""How long open answers may continue after a stop signal."""

CUT_SECONDS = 4
"""After this, open connections are closed, such as those of a page in a browser."""

TICKS = 5
"""Uvicorn's ticks (ten a second) between two checks for idle clients."""

LATE_SECONDS = 1.0
"""After a tick this late, data that clients sent meanwhile is still unread."""


def create_app(services: Services, with_page: bool = True) -> FastAPI:
    """Return the ASGI application: the API and, at the root, the page."""
    app = create_api(services)
    if not with_page:
        return app
    keep_page_files_in(services.settings.storage.uploads_dir)
    # Gradio takes seconds to import; an API without a page does not need it.
    with collection_paused():
        from carrel.ui.page import mount_page

    return mount_page(app, services)


def check_exposure(settings: Settings) -> None:
    """Require an API key if the server is reachable from other machines.

    Raises:
        InvalidSetting: it listens on a public address without a key.
    """
    server = settings.server
    if not is_loopback(server.host) and key_of(server) is None:
        raise InvalidSetting(
            f"Other machines can reach {server.host}: give a key with --api_key, "
            "or listen on --host=127.0.0.1."
        )


def bind(host: str, port: int) -> Listener:
    """Bind and listen, so that no other program can take the port; 0 takes a free one.

    Raises:
        PortInUse: another program has it.
        InvalidSetting: the host is no address of this machine, or binding is not permitted.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as error:
        raise InvalidSetting(f"The host {host} cannot be resolved: correct --host.") from error
    family, kind, protocol, _, address = found[0]
    listener = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":  # on Windows it would let two programs have the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(
                f"Port {port} on {host} is in use by another program: choose another with --port."
            ) from error
        raise InvalidSetting(
            f"Port {port} on {host} cannot be opened ({error.strerror}): "
            "choose others with --host and --port."
        ) from error
    return listener


async def serve(app: FastAPI, listener: Listener, limits: ConnectionLimits | None = None) -> None:
    """Serve until SIGINT or SIGTERM, or until this is cancelled; then close within 5 seconds.

    Running answers may continue for ``GRACE_SECONDS``; then they end with an error. By default
    ``limits`` follow from the open files that the process may have.
    """
    connections = OpenConnections(limits or limits_of_process())
    config = uvicorn.Config(
        app,
        http=protocol_with(connections),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        backlog=BACKLOG,
        timeout_graceful_shutdown=CUT_SECONDS,
    )
    server = _Server(config, api_of(app))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        await serving
        raise


class _Server(uvicorn.Server):
    """Signals shutdown to open work, and returns from a signal instead of raising it again."""

    def __init__(self, config: uvicorn.Config, api: Api) -> None:
        super().__init__(config)
        self._api = api
        self._ticked = 0.0

    async def on_tick(self, counter: int) -> bool:
        now = asyncio.get_running_loop().time()
        late, self._ticked = now - self._ticked > LATE_SECONDS, now
        if counter % TICKS == 0 and not late:
            for each in list(self.server_state.connections):
                if isinstance(each, HttpProtocol):
                    each.expire(now)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # A document is rarely done within the grace period; its job resumes at the next start.
        self._api.services.jobs.stop()
        timer = asyncio.get_running_loop().call_later(GRACE_SECONDS, self._api.closing.set)
        try:
            await super().shutdown(sockets)
        finally:
            timer.cancel()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle signals while serving.

        The base class raises them again at the end, which would end the process before the
        application has closed its stores.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        signals = (signal.SIGINT, signal.SIGTERM)
        if sys.platform == "win32":  # its loops take no signals
            before = [signal.signal(each, self.handle_exit) for each in signals]
            try:
                yield
            finally:
                for each, handler in zip(signals, before, strict=True):
                    signal.signal(each, handler)
            return
        loop = asyncio.get_running_loop()
        for each in signals:
            loop.add_signal_handler(each, self.handle_exit, each, None)
        try:
            yield
        finally:
            for each in signals:
                loop.remove_signal_handler(each)
