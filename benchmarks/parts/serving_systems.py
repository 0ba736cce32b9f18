"""The systems that ``benchmarks/serving.py`` compares: how each is started, asked and stopped."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, Protocol

import httpx
import psutil

from serving_load import Load, Outcome

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MEBIBYTE = 2**20
START_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Choices:
    """What all systems are started with. ``model_folder`` holds safetensors, ``gguf`` one file.

    ``dtype`` is what Carrel takes, ``plain_dtype`` what the others do: they know no ``auto``.
    """

    models_dir: Path
    model_folder: Path
    gguf: Path | None
    dtype: str
    plain_dtype: str
    new_tokens: int
    engine: str
    carrel_flags: Sequence[str] = ()
    serve_flags: Sequence[str] = ()
    users: int = 32
    context: int = 1024

    @property
    def folders(self) -> list[str]:
        """The flags that all processes of Carrel get."""
        return [f"--models_dir={self.models_dir}", "--offline=True"]

    @property
    def carrel(self) -> list[str]:
        """The flags of Carrel's engine under test, with its server and without."""
        return [f"--engine={self.engine}", f"--dtype={self.dtype}", *self.carrel_flags]


class System(Protocol):
    """A running system under test."""

    def measure(self, asked: Load) -> tuple[Outcome, float]:
        """Return what came of a load, and the peak memory of its processes in MiB."""
        ...


@contextmanager
def watched_memory(process: psutil.Process) -> Iterator[list[float]]:
    """Note the resident memory of a process and its children in MiB, ten times a second."""
    samples: list[float] = []
    done = threading.Event()

    def resident(each: psutil.Process) -> int:
        try:
            return each.memory_info().rss
        except psutil.NoSuchProcess:
            return 0

    def sample() -> None:
        while True:
            tree = [process, *process.children(recursive=True)]
            samples.append(sum(map(resident, tree)) / MEBIBYTE)
            if done.wait(0.1):
                return

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield samples
    finally:
        done.set()
        thread.join()


@contextmanager
def running(words: Sequence[str | Path], log: IO[bytes], **options: Any) -> Iterator[Any]:
    """Run a command until the block ends; what it says on standard error goes to ``log``."""
    path = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "PYTHONPATH": path}
    process = subprocess.Popen(
        [str(word) for word in words], stderr=log, env=environment, cwd=HERE, **options
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@dataclass(slots=True)
class HttpSystem:
    """A server; its users are a process of their own."""

    process: subprocess.Popen[bytes]
    url: str
    body: dict[str, Any]

    def measure(self, asked: Load) -> tuple[Outcome, float]:
        """Return what came of a load, and the peak memory in MiB."""
        body = {**self.body, "max_tokens": asked.new_tokens}
        job = {"url": self.url, "body": body, "load": asdict(asked)}
        with watched_memory(psutil.Process(self.process.pid)) as samples:
            client = subprocess.run(
                [sys.executable, HERE / "serving_client.py"],
                input=json.dumps(job),
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
        return Outcome.from_json(client.stdout), max(samples)


@dataclass(slots=True)
class BareSystem:
    """Carrel's engine in a process without a server."""

    process: subprocess.Popen[str]

    def measure(self, asked: Load) -> tuple[Outcome, float]:
        """Return what came of a load, and the peak memory in MiB."""
        assert self.process.stdin is not None and self.process.stdout is not None
        with watched_memory(psutil.Process(self.process.pid)) as samples:
            self.process.stdin.write(asked.to_json() + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        return Outcome.from_json(answer), max(samples)


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Wait until the server says that it can answer.

    Raises:
        RuntimeError: it ended, or took too long; with what it said.
    """
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(url, trust_env=False, timeout=5).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise RuntimeError(f"{url} was not ready:\n{log.read_text(errors='replace')[-4000:]}")


@contextmanager
def http_system(
    words: Sequence[str | Path], port: int, body: dict[str, Any], ready: str = "/health"
) -> Iterator[HttpSystem]:
    """Start a server and wait until it can answer."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("wb") as stream, running(words, stream, stdout=stream) as process:
            address = f"http://127.0.0.1:{port}"
            wait_until_ready(process, address + ready, log)
            asked = {"temperature": 0, "stream": True, "stream_options": {"include_usage": True}}
            yield HttpSystem(process, f"{address}/v1/chat/completions", {**asked, **body})


@contextmanager
def carrel(choices: Choices, flags: Sequence[str]) -> Iterator[System]:
    """Carrel's server, as ``python generate.py`` starts it."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, ROOT / "generate.py", f"--port={port}", f"--db_dir={folder}/db"]
        words += ["--log_level=error", *choices.folders, *flags]
        with http_system(words, port, {"min_tokens": choices.new_tokens}) as system:
            yield system


@contextmanager
def bare(choices: Choices) -> Iterator[System]:
    """Carrel's engine without a server."""
    words = [sys.executable, HERE / "serving_bare.py", *choices.folders, *choices.carrel]
    with tempfile.TemporaryFile() as log:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        with running(words, log, **pipes) as process:
            while (line := process.stdout.readline()) != "ready\n":
                if not line:
                    log.seek(0)
                    raise RuntimeError(f"the bare engine ended: {log.read().decode()[-4000:]}")
            yield BareSystem(process)


@contextmanager
def locked(choices: Choices) -> Iterator[System]:
    """The same model behind one lock."""
    port = free_port()
    words: list[str | Path] = [sys.executable, HERE / "serving_locked.py"]
    words += [f"--model={choices.model_folder}", f"--dtype={choices.plain_dtype}"]
    words += [f"--port={port}"]
    with http_system(words, port, {}) as system:
        yield system


@contextmanager
def transformers_serve(choices: Choices, *, continuous: bool) -> Iterator[System]:
    """The server of transformers, with its continuous batching or without.

    Its default size of the cache takes half of the machine's memory on a processor, so that the
    blocks are counted here for the wanted users and their context.
    """
    port = free_port()
    words: list[str | Path] = [Path(sys.executable).with_name("transformers"), "serve"]
    words += [choices.model_folder, "--device", "cpu", "--dtype", choices.plain_dtype]
    words += ["--port", str(port), *choices.serve_flags]
    if continuous:
        block = 32
        blocks = choices.users * -(-choices.context // block)
        words += ["--continuous-batching", "--cb-block-size", str(block)]
        words += ["--cb-num-blocks", str(blocks), "--cb-max-batch-tokens", "512"]
    # No token ends an answer, so that all have the same length.
    generation = {"max_new_tokens": choices.new_tokens, "do_sample": False, "eos_token_id": -1}
    body = {"model": str(choices.model_folder), "generation_config": json.dumps(generation)}
    with http_system(words, port, body) as system:
        yield system


@contextmanager
def llama_cpp(choices: Choices) -> Iterator[System]:
    """llama.cpp's own server, of the program ``llama-server`` or of the package ``xllamacpp``."""
    port = free_port()
    program = shutil.which("llama-server")
    slots, context = str(choices.users), str(choices.users * choices.context)
    assert choices.gguf is not None
    if program:
        words: list[str | Path] = [program, "-m", choices.gguf, "--port", str(port)]
        words += ["-np", slots, "-c", context, "-t", str(len(os.sched_getaffinity(0)))]
    else:
        words = [sys.executable, HERE / "serving_llama_cpp.py", choices.gguf, str(port)]
        words += [slots, context]
    with http_system(words, port, {"ignore_eos": True}) as system:
        yield system


@dataclass(frozen=True, slots=True)
class Contender:
    """A system by its name in the table; ``missing`` says why it cannot run here, if so."""

    name: str
    start: Callable[[], Any] = field(repr=False)
    missing: str = ""


def contenders(choices: Choices) -> list[Contender]:
    """Return every system, also those that are not installed."""
    no_bindings = "" if find_spec("llama_cpp") else "llama-cpp-python is not installed"
    there = shutil.which("llama-server") or find_spec("xllamacpp")
    no_server = "" if there else "neither llama-server nor xllamacpp is installed"
    no_file = "" if choices.gguf else "there is no GGUF file of the model"
    gguf = ["--engine=llamacpp", f"--base_model={choices.gguf}"]
    gguf += [f"--max_batch={choices.users}"]
    plain = replace(choices, dtype=choices.plain_dtype).carrel
    return [
        Contender("carrel", lambda: carrel(choices, choices.carrel)),
        Contender("carrel-plain", lambda: carrel(choices, plain)),
        Contender("locked", lambda: locked(choices)),
        Contender("transformers", lambda: transformers_serve(choices, continuous=False)),
        Contender("transformers-batching", lambda: transformers_serve(choices, continuous=True)),
        Contender("llama.cpp", lambda: llama_cpp(choices), no_server or no_file),
        Contender("carrel-llamacpp", lambda: carrel(choices, gguf), no_bindings or no_file),
        Contender("bare", lambda: bare(choices)),
    ]


@contextmanager
def started(contender: Contender, warm_up: Load) -> Iterator[System]:
    """Start a system and let it answer once, which is not counted."""
    with ExitStack() as stack:
        system: System = stack.enter_context(contender.start())
        system.measure(warm_up)
        yield system
