"""A port for one server after another, so that a browser knows them as one site."""

from __future__ import annotations

import socket
from types import TracebackType

HOST = "127.0.0.1"


class KeptPort:
    """A port that no other program is given, and that a server here may listen on."""

    def __init__(self) -> None:
        self._holder = socket.socket()
        self._holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._holder.bind((HOST, 0))
        self.number: int = self._holder.getsockname()[1]

    def __enter__(self) -> KeptPort:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._holder.close()

    def free(self) -> int:
        """Return the port, or 0 while a server listens on it."""
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind((HOST, self.number))
                tried.listen()
            except OSError:
                return 0
        return self.number
