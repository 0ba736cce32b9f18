"""The log of a server holds nothing of what its users asked, added or called by a name."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from repetitions import thorough
from running.real_processes import ROOT, clean_environment

MARKERS = {
    kind: f"xq{kind}zw"
    for kind in ("question", "document", "name", "collection", "title", "key", "answer", "folder")
}

SERVER = """
import asyncio, sys, threading
from collections.abc import AsyncGenerator
from pathlib import Path

from carrel import bootstrap, server
from carrel.cli.log_setup import configure_logging
from carrel.cli.withheld_output import report_of_loop, withheld_output
from carrel.core.errors import GenerationFailed
from carrel.engine.scripted import ScriptedEngine
from carrel.services.chat.chat import ChatPolicy, ChatService
from carrel.services.chat.scoring import AnswerScoring
from tiny.counting_embedder import CountingEmbedder
from dataclasses import replace
from running.live_server import pool_of, settings_in, with_pool

folder, log_format, log_level, key = sys.argv[1:]

class Embedder(CountingEmbedder):
    def embed_documents(self, texts):
        for text in texts:
            if "broken embedding" in text:
                raise KeyError(text)
        return super().embed_documents(texts)

class Engine(ScriptedEngine):
    def generate(self, messages, sampling, caller=""):
        if "broken engine" in messages[-1].content:
            raise ValueError(messages[-1].content)
        if "failed engine" in messages[-1].content:
            raise GenerationFailed("the model said: " + messages[-1].content)
        return super().generate(messages, sampling, caller)

class Judge:
    name = "judge"
    async def score(self, messages, answer):
        raise GenerationFailed(f"{messages[-1].content} {answer}")

async def lost(text):
    raise RuntimeError(text)

async def main(listener):
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(report_of_loop)
    settings = settings_in(
        Path(folder), api_key=key, log_format=log_format, log_level=log_level
    )
    application = bootstrap.build(settings, Embedder(Path(folder) / "embedded"))
    pool = pool_of(Engine(["All is " + "xqanswerzw."]))
    services = with_pool(application.services, pool)
    policy = ChatPolicy("", settings.documents.source_tokens)
    chat = ChatService(pool, services.retrieval, policy, AnswerScoring(Judge(), 5))
    app = server.create_app(replace(services, chat=chat))
    address = listener.getsockname()[1]
    (Path(folder) / "port").write_text(str(address))
    asyncio.create_task(lost("xqquestionzw"))
    loop.call_soon(lost, "xqquestionzw")
    loop.call_soon(lambda text: {}[text], "xqdocumentzw")
    threading.Thread(target=lambda: {}["xqdocumentzw"]).start()
    print("a library prints xqdocumentzw")
    await server.serve(app, listener)
    await application.close()

with server.bind("127.0.0.1", 0) as listener:
    configure_logging(settings_in(
        Path(folder), log_format=log_format, log_level=log_level
    ).logging)
    with withheld_output():
        asyncio.run(main(listener))
"""


@contextmanager
def server(folder: Path, log: Path, *words: str) -> Iterator[httpx.Client]:
    environment = clean_environment() | {
        "PYTHONPATH": os.pathsep.join([f"{ROOT}/src", f"{ROOT}/tests"])
    }
    with (
        log.open("wb") as stream,
        subprocess.Popen(
            [sys.executable, "-c", SERVER, str(folder), *words, MARKERS["key"]],
            stdout=stream,
            stderr=stream,
            env=environment,
        ) as process,
    ):
        try:
            port = folder / "port"
            deadline = time.monotonic() + 240
            while not (port.exists() and port.read_text()):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline
                time.sleep(0.1)
            with httpx.Client(
                base_url=f"http://127.0.0.1:{port.read_text()}", trust_env=False, timeout=60
            ) as http:
                yield http
        finally:
            process.terminate()
            process.wait(60)


def use(http: httpx.Client) -> None:
    """Do what users do, what is refused, and what nobody foresaw."""
    marks = MARKERS
    refused = http.get("/v1/models", headers={"Authorization": f"Bearer {marks['key']}x"})
    assert refused.status_code == 401
    http.headers["Authorization"] = f"Bearer {marks['key']}"
    collection = marks["collection"]
    assert http.post("/v1/collections", json={"name": collection}).status_code == 201
    documents = f"/v1/collections/{collection}/documents"
    text = f"{marks['document']} was here. " * 20
    for name, content in (
        (f"{marks['name']}.txt", text.encode()),
        (f"{marks['name']}.docx", b"no docx " + text.encode()),
        (f"{marks['folder']}/{marks['name']}.json", b'{"' + text.encode()),
        (f"{marks['name']} broken.txt", f"broken embedding {text}".encode()),
    ):
        http.post(f"{documents}?wait=true", files={"files": (name, content)})
    http.get(documents).raise_for_status()
    http.get(f"/v1/collections/{collection}/{marks['name']}")
    http.get(f"{documents}/{marks['name']}")
    for asked in ("plain", "broken engine", "failed engine"):
        question = {"role": "user", "content": f"{asked} {marks['question']}"}
        for extra in ({}, {"documents": {"collections": [collection]}}, {"stream": True}):
            http.post("/v1/chat/completions", json={"messages": [question], **extra})
    http.post(f"/v1/collections/{collection}/search", json={"query": marks["question"] * 2000})
    http.post("/v1/chat/completions", content=f'{{"{marks["question"]}'.encode())
    http.post("/v1/chat/completions", json={"messages": marks["question"]})
    use_page(http)


def use_page(http: httpx.Client) -> None:
    """Send every event of the page what it does not expect, by each of Gradio's ways."""
    config: dict[str, Any] = http.get("/config").raise_for_status().json()
    events = config["dependencies"]
    assert events
    words = " ".join(MARKERS.values())
    failed = 0
    for event in events:
        for value in (words, {"path": words, "id": words}, [[words]]):
            body = {
                "data": [value] * len(event["inputs"]),
                "fn_index": event["id"],
                "session_hash": "s",
                "event_data": {"id": words, "entered": {"content": words, "title": words}},
            }
            if not event["queue"]:
                reply = http.post("/gradio_api/run/predict", json=body)
                failed += reply.status_code == 500
            elif event["api_name"]:
                http.post("/gradio_api/queue/join", json=body)
    assert failed
    begun = {"data": [f"{{'instruction': '{words}', 'x': 1}}"]}
    reply = http.post("/gradio_api/call/submit_nochat_api", json=begun)
    http.get(f"/gradio_api/call/submit_nochat_api/{reply.json()['event_id']}")
    http.get(f"/gradio_api/file=/{words}")


@pytest.mark.parametrize(
    ("form", "level"),
    [("text", "debug"), ("json", "info"), thorough("text", "info"), thorough("json", "debug")],
)
def test_nothing_of_a_users_reaches_the_log(tmp_path: Path, form: str, level: str) -> None:
    log = tmp_path / "log"
    with server(tmp_path, log, form, level) as http:
        use(http)
    written = log.read_text(encoding="utf-8", errors="replace")
    lines = written.splitlines()
    found = {
        kind: next(line for line in lines if mark in line)
        for kind, mark in MARKERS.items()
        if mark in written
    }
    assert not found, found
    # All of it happened, and an operator sees where.
    for expected in (
        *("document.failed", "document.broke_down", "request.failed", "answer not scored"),
        *("task.failed", "thread.failed", "library.failed", "Exception in ASGI application"),
        *("generate", "embed_documents", "ValueError", "KeyError"),
    ):
        assert expected in written, expected
