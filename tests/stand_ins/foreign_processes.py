"""Inference servers that others wrote, each in a process of its own, over the tiny model."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

START_SECONDS = 120
DECODED = re.compile(r"^llamacpp:n_decode_total (\d+)", re.MULTILINE)

LLAMACPP = """
import sys, threading, xllamacpp
parameters = xllamacpp.CommonParams()
parameters.model.path = sys.argv[1]
parameters.port = int(sys.argv[2])
parameters.n_parallel, parameters.n_ctx = 2, 512
parameters.endpoint_metrics = True
parameters.warmup = False
server = xllamacpp.Server(parameters)
threading.Event().wait()
"""


def closed_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _running(words: Sequence[str | Path], port: int, folder: Path) -> Iterator[str]:
    """Run a server until the block ends; yields its address once it is healthy."""
    cache = folder / "cache"
    cache.mkdir(exist_ok=True)
    log = folder / "server.log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            words,
            env=os.environ | {"HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(cache)},
            cwd=folder,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _healthy(address):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(30)


def _healthy(address: str) -> bool:
    try:
        return httpx.get(f"{address}/health", trust_env=False).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


@contextmanager
def transformers_server(model: Path, folder: Path) -> Iterator[str]:
    """Run ``transformers serve`` over a model's folder; yields its base URL."""
    port = closed_port()
    program = Path(sys.executable).with_name("transformers")
    words = [program, "serve", model, "--port", str(port), "--device", "cpu"]
    with _running(words, port, folder) as address:
        yield f"{address}/v1"


@contextmanager
def llamacpp_server(gguf: Path, folder: Path) -> Iterator[tuple[str, Callable[[], int]]]:
    """Run llama.cpp's server; yields its base URL and a count of its model's steps."""
    port = closed_port()
    words = [sys.executable, "-c", LLAMACPP, gguf, str(port)]
    with _running(words, port, folder) as address:

        def steps() -> int:
            text = httpx.get(f"{address}/metrics", trust_env=False).text
            found = DECODED.search(text)
            assert found is not None, text
            return int(found[1])

        yield f"{address}/v1", steps
