"""A small server with OpenAI's ``/v1/embeddings``, for tests of the remote embedder."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class EmbeddingServer:
    """Where it listens, what it has seen, and the (status, body) pairs that it answers first.

    ``callers`` are the ports of those whose connections are open.
    """

    url: str = ""
    answers: list[tuple[int, Any]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    callers: set[int] = field(default_factory=set)


@contextmanager
def embedding_server(
    embed: Callable[[Sequence[str]], list[list[float]]], *, keeps_connections: bool = False
) -> Iterator[EmbeddingServer]:
    """Run the server on a free port; its vectors are three times as long as ``embed``'s."""
    state = EmbeddingServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1" if keeps_connections else "HTTP/1.0"

        def setup(self) -> None:
            state.callers.add(self.client_address[1])
            super().setup()

        def finish(self) -> None:
            super().finish()
            state.callers.discard(self.client_address[1])

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.requests.append(body)
            state.keys.append(self.headers.get("Authorization"))
            status, answer = state.answers.pop(0) if state.answers else (200, None)
            if answer is None:
                rows = [[3 * number for number in each] for each in embed(body["input"])]
                data = [{"index": at, "embedding": row} for at, row in enumerate(rows)]
                answer = {"data": data[::-1]}
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
