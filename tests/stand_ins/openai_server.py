"""A small foreign server that speaks OpenAI's chat completions, for tests of the remote engine.

It shares no code with Carrel. It writes ``ANSWER`` word by word, counts words as tokens, has
vLLM's ``/tokenize`` and error bodies, and counts the words that it wrote.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, StreamingResponse

MODEL = "foreign/model"
CONTEXT = 300
ANSWER = " ".join(f"wörd{number} 🦜" for number in range(120))


@dataclass
class ForeignServer:
    """Where the server listens, how it behaves, and what it has seen.

    ``failure`` is answered to every completion as (status, body); ``raw`` lines replace the
    stream; ``pause`` is in seconds between two words.
    """

    base_url: str = ""
    tokenizes: bool = True
    owner: str = "vllm"
    listed: list[str] = field(default_factory=lambda: [MODEL])
    api_key: str | None = None
    failure: tuple[int, Any] | None = None
    raw: list[str] | None = None
    pause: float = 0.0
    words_written: int = 0
    requests: list[dict[str, Any]] = field(default_factory=list)


def count(messages: list[dict[str, str]]) -> int:
    """The server's own way to count tokens: words."""
    return sum(len(message["content"].split()) + 2 for message in messages)


def words_of(body: dict[str, Any]) -> tuple[list[str], str]:
    """The words of the answer, a space before each but the first, and the finish reason."""
    text, reason = ANSWER, "stop"
    found = [text.find(stop) for stop in body.get("stop") or [] if stop in text]
    if found:
        text = text[: min(found)]
    words = [word if at == 0 else " " + word for at, word in enumerate(text.split(" "))]
    if body["max_tokens"] < len(words):
        words, reason = words[: body["max_tokens"]], "length"
    return words, reason


def event(**fields: Any) -> str:
    """One line of the stream."""
    return f"data: {json.dumps(fields)}\n\n"


def make_app(state: ForeignServer) -> FastAPI:
    """Return the application over the state."""
    app = FastAPI()

    @app.middleware("http")
    async def authorize(request: Request, call_next: Any) -> Any:
        wanted = f"Bearer {state.api_key}"
        if state.api_key and request.headers.get("authorization") != wanted:
            return JSONResponse({"error": {"message": "wrong key"}}, status_code=401)
        return await call_next(request)

    @app.get("/v1/models")
    async def models() -> Any:
        return {
            "data": [
                {"id": name, "owned_by": state.owner, "max_model_len": CONTEXT}
                for name in state.listed
            ]
        }

    @app.post("/tokenize")
    async def tokenize(body: dict[str, Any]) -> Any:
        if not state.tokenizes:
            return JSONResponse({"detail": "Not Found"}, status_code=404)
        return {"count": count(body["messages"]), "max_model_len": CONTEXT}

    @app.post("/v1/chat/completions")
    async def complete(body: dict[str, Any]) -> Any:
        state.requests.append(body)
        if state.failure is not None:
            return JSONResponse(state.failure[1], status_code=state.failure[0])
        prompt = count(body["messages"])
        if prompt + body["max_tokens"] > CONTEXT:
            message = f"This model's maximum context length is {CONTEXT} tokens."
            return JSONResponse({"error": {"message": message, "code": 400}}, status_code=400)
        return StreamingResponse(stream(body, prompt), media_type="text/event-stream")

    async def stream(body: dict[str, Any], prompt: int) -> AsyncIterator[str]:
        if state.raw is not None:
            for line in state.raw:
                yield line + "\n\n"
            return
        words, reason = words_of(body)
        for word in words:
            await asyncio.sleep(state.pause)
            state.words_written += 1
            yield event(choices=[{"index": 0, "delta": {"content": word}, "finish_reason": None}])
        yield event(choices=[{"index": 0, "delta": {}, "finish_reason": reason}])
        usage = {"prompt_tokens": prompt, "completion_tokens": len(words)}
        yield event(choices=[], usage=usage)
        yield "data: [DONE]\n\n"

    return app


@contextmanager
def foreign_server() -> Iterator[ForeignServer]:
    """Run the server on a free port of this machine, in a thread."""
    state = ForeignServer()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    state.base_url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    server = uvicorn.Server(uvicorn.Config(make_app(state), log_level="warning"))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield state
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
