"""A small HTTP server whose answers a test gives, or passes on from a server behind it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

Answer = tuple[int, bytes]
Respond = Callable[[str, str, Mapping[str, str], bytes], Answer]
"""Makes the answer to a method, a path, headers (names in small letters) and a body."""


@contextmanager
def http_stand_in(respond: Respond) -> Iterator[str]:
    """Run it on a free port; yields its address."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, content = respond(self.command, self.path, headers, body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = _answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def behind_a_token(url: str, token: str) -> Respond:
    """Pass on what brings the token, as the proxies before a Chroma server do."""

    def respond(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if headers.get("authorization") != f"Bearer {token}":
            return 401, b"Unauthorized"
        sent = {"Content-Type": headers.get("content-type", "")}
        answer = httpx.request(method, url + path, content=body, headers=sent, trust_env=False)
        return answer.status_code, answer.content

    return respond
