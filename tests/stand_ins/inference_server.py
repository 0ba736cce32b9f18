"""A small server with vLLM's routes, in place of a vLLM container."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ANSWER = "Answered by the inference server."


class _Handler(BaseHTTPRequestHandler):
    server: StandIn

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        entry = {"id": self.server.model, "owned_by": "vllm", "max_model_len": 4096}
        if self.path == "/v1/models":
            self._send_json({"object": "list", "data": [entry]})
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.paths.append(self.path)
        if body["model"] != self.server.model:
            self.send_error(404)
        elif self.path == "/tokenize":
            words = sum(len(message["content"].split()) for message in body["messages"])
            self._send_json({"count": words, "max_model_len": 4096})
        elif self.path == "/v1/chat/completions":
            self._stream()
        else:
            self.send_error(404)

    def _send_json(self, content: dict[str, Any]) -> None:
        data = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        events: list[dict[str, Any]] = [
            {"choices": [{"index": 0, "delta": {"content": f"{word} "}}]} for word in ANSWER.split()
        ]
        events.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        events.append({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 5}})
        for event in events:
            self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")


class StandIn(ThreadingHTTPServer):
    """Serves one model; ``paths`` are the posts that came in, in order."""

    def __init__(self, model: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.model = model
        self.paths: list[str] = []


@contextmanager
def inference_server(model: str) -> Iterator[StandIn]:
    """Run the server in a thread."""
    with StandIn(model) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
