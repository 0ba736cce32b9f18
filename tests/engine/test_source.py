from __future__ import annotations

import errno
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi, constants

from carrel.core.errors import CarrelError, ModelLoadFailed, ModelNotFound, StorageFull
from carrel.engine.source import find_adapter, find_model, is_complete
from carrel.engine.spec import ModelSpec

WEIGHTS = ("model.safetensors", "model.safetensors.index.json")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty Hugging Face cache."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def cached(cache: Path, name: str, files: dict[str, str]) -> Path:
    """Lay files into the cache as the hub's library does."""
    repository = cache / f"models--{name.replace('/', '--')}"
    snapshot = repository / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0" * 40)
    for file, text in files.items():
        (snapshot / file).write_text(text)
    return snapshot


@contextmanager
def hub(status: int, body: Any, headers: dict[str, str] | None = None) -> Iterator[str]:
    """A server that answers everything alike, in the hub's place."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def at_endpoint(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that puts the hub at another address."""
    original = HfApi.__init__

    def move(address: str) -> None:
        def init(self: HfApi, *args: Any, **kwargs: Any) -> None:
            original(self, *args, **kwargs)
            self.endpoint = address

        monkeypatch.setattr(HfApi, "__init__", init)

    return move


def failure(name: str, offline: bool = False) -> CarrelError:
    with pytest.raises(CarrelError) as raised:
        find_model(name, offline)
    assert "\n" not in str(raised.value)
    return raised.value


def test_a_local_folder_is_taken_as_it_is(tiny_folder: Path) -> None:
    assert find_model(str(tiny_folder), offline=True).folder == tiny_folder


def test_a_gguf_file_is_found_with_its_folder(tmp_path: Path) -> None:
    (tmp_path / "small.gguf").write_bytes(b"GGUF")
    files = find_model(str(tmp_path / "small.gguf"), offline=True)
    assert (files.folder, files.gguf_file) == (tmp_path, "small.gguf")
    assert ModelSpec(base_model=str(tmp_path / "small.gguf")).name == "small"


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"")
    assert "name the model's folder" in str(failure(str(tmp_path / "model.safetensors")))


def test_a_folder_without_a_model_says_what_is_missing(tmp_path: Path) -> None:
    error = failure(str(tmp_path))
    assert isinstance(error, ModelNotFound)
    assert "expected config.json and model.safetensors" in str(error)


@pytest.mark.parametrize("file", ["pytorch_model.bin", "weights.pt", "consolidated.00.pth"])
def test_pickled_weights_are_refused(tmp_path: Path, file: str) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / file).write_bytes(b"")
    error = failure(str(tmp_path))
    assert isinstance(error, ModelLoadFailed)
    assert file in str(error) and "--allow_pickle" in str(error)


def test_a_model_with_a_missing_part_is_not_complete(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "1.safetensors", "b": "2.safetensors"}}))
    (tmp_path / "1.safetensors").write_bytes(b"")
    assert not is_complete(tmp_path, WEIGHTS, "config.json")
    (tmp_path / "2.safetensors").write_bytes(b"")
    assert is_complete(tmp_path, WEIGHTS, "config.json")
    index.write_text("{half")
    assert not is_complete(tmp_path, WEIGHTS, "config.json")


def test_offline_names_every_place_that_was_tried(cache: Path) -> None:
    error = failure("owner/name", offline=True)
    assert isinstance(error, ModelNotFound)
    assert str(error) == (
        "Model owner/name not found: no folder owner/name, not in the Hugging Face cache, "
        "hub not asked (offline)."
    )


@pytest.mark.parametrize("name", ["../none/../none", "a/b/c", "-x", "name with spaces"])
def test_what_is_no_hub_id_is_never_sent_to_the_hub(cache: Path, name: str) -> None:
    assert "no Hugging Face id" in str(failure(name))


def test_a_model_in_the_cache_is_not_asked_of_the_hub(
    cache: Path, at_endpoint: Callable[[str], None]
) -> None:
    at_endpoint("http://127.0.0.1:9")
    folder = cached(cache, "owner/name", {"config.json": "{}", "model.safetensors": ""})
    assert find_model("owner/name", offline=False).folder == folder


def test_a_half_downloaded_model_is_not_taken(cache: Path) -> None:
    cached(cache, "owner/name", {"config.json": "{}"})
    assert "incomplete in the Hugging Face cache" in str(failure("owner/name", offline=True))


@pytest.mark.parametrize(
    ("status", "headers", "said"),
    [
        (404, {"X-Error-Code": "RepoNotFound"}, "no public model by that name"),
        (401, {"X-Error-Code": "RepoNotFound"}, "no public model by that name"),
        (403, {"X-Error-Code": "GatedRepo"}, "its terms accepted"),
        (400, {}, "the hub answered"),
    ],
)
def test_what_the_hub_answers_becomes_one_line(
    cache: Path,
    at_endpoint: Callable[[str], None],
    status: int,
    headers: dict[str, str],
    said: str,
) -> None:
    with hub(status, {"error": "no"}, headers) as address:
        at_endpoint(address)
        error = failure("owner/name")
    assert isinstance(error, ModelNotFound)
    assert "not in the Hugging Face cache" in str(error)
    assert said in str(error)


def test_a_hub_that_is_not_there_is_said_to_be_unreachable(
    cache: Path, at_endpoint: Callable[[str], None]
) -> None:
    at_endpoint("http://127.0.0.1:9")
    error = failure("owner/name")
    assert isinstance(error, ModelNotFound)
    assert "hub not reachable" in str(error)


def test_a_hub_that_never_answers_is_given_up(
    cache: Path, at_endpoint: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("carrel.engine.source.HUB_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        at_endpoint(f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert "hub not reachable" in str(failure("owner/name"))


def test_pickled_weights_on_the_hub_are_refused_before_they_are_downloaded(
    cache: Path, at_endpoint: Callable[[str], None]
) -> None:
    listing = {"id": "owner/name", "siblings": [{"rfilename": "pytorch_model.bin"}]}
    with hub(200, listing) as address:
        at_endpoint(address)
        error = failure("owner/name")
    assert isinstance(error, ModelLoadFailed)
    assert "pytorch_model.bin" in str(error)


def test_a_full_disk_is_said_to_be_full(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(HfApi, "model_info", full)
    assert isinstance(failure("owner/name"), StorageFull)


def test_an_adapter_is_found_by_its_own_files(tmp_path: Path, cache: Path) -> None:
    with pytest.raises(ModelNotFound, match=r"adapter_config\.json"):
        find_adapter(str(tmp_path), offline=True)
    (tmp_path / "adapter_config.json").write_text("{}")
    (tmp_path / "adapter_model.safetensors").write_bytes(b"")
    assert find_adapter(str(tmp_path), offline=True) == tmp_path
    with pytest.raises(ModelNotFound, match="hub not asked"):
        find_adapter("owner/law", offline=True)
