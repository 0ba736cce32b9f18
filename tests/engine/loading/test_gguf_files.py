from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from carrel.core.errors import CarrelError, ModelLoadFailed, StorageFull
from carrel.engine.loading import conversion, gguf_files, memory
from carrel.engine.loading.gguf_files import unpacked_gguf
from carrel.engine.loading.loader import load
from carrel.engine.spec import LoadedModel, ModelSpec
from tiny.gguf import save_tiny_gguf
from tiny.model import tiny_model, tiny_tokenizer

IDS = torch.arange(40)[None]


def expected() -> torch.Tensor:
    with torch.no_grad():
        return tiny_model(len(tiny_tokenizer())).eval()(IDS).logits


@pytest.mark.parametrize(
    ("quantized", "dtype", "near"), [(False, "float32", 1e-4), (True, "bfloat16", 0.1)]
)
def test_a_gguf_file_computes_what_its_model_computes(
    tmp_path: Path, quantized: bool, dtype: str, near: float
) -> None:
    file = save_tiny_gguf(tmp_path / "small.gguf", quantized=quantized)
    folder = unpacked_gguf(file, tmp_path / "models")
    stored = AutoModelForCausalLM.from_pretrained(folder)
    assert str(stored.dtype) == f"torch.{dtype}"
    with torch.no_grad():
        logits = stored.float()(IDS).logits
    assert (logits - expected()).abs().mean() < near


async def test_a_gguf_file_loads_and_answers(
    tmp_path: Path, answered: Callable[[LoadedModel], Awaitable[str]]
) -> None:
    file = save_tiny_gguf(tmp_path / "small.gguf")
    spec = ModelSpec(base_model=str(file), models_dir=tmp_path / "models", dtype="float32")
    loaded = load(spec)
    assert (loaded.name, loaded.context_length) == ("small", 256)
    assert loaded.tokenizer.chat_template
    assert await answered(loaded)


def test_a_gguf_file_is_converted_once_and_again_when_it_changes(tmp_path: Path) -> None:
    file = save_tiny_gguf(tmp_path / "small.gguf")
    first = unpacked_gguf(file, tmp_path / "models")
    written = (first / "model.safetensors").stat().st_mtime_ns
    assert unpacked_gguf(file, tmp_path / "models") == first
    assert (first / "model.safetensors").stat().st_mtime_ns == written
    os.utime(file, ns=(1, 1))
    second = unpacked_gguf(file, tmp_path / "models")
    assert second != first
    assert not first.exists()


def test_half_a_conversion_is_never_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = save_tiny_gguf(tmp_path / "small.gguf")

    def broken(file: Path, dtype: str, folder: Path) -> None:
        (folder / "config.json").write_text("{}")
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(gguf_files, "write_unpacked", broken)
        with pytest.raises(ModelLoadFailed, match=r"small\.gguf cannot be loaded: killed"):
            unpacked_gguf(file, tmp_path / "models")
    assert not [path for path in (tmp_path / "models").iterdir() if path.is_dir()]
    assert (unpacked_gguf(file, tmp_path / "models") / "model.safetensors").is_file()


def refusal(file: Path) -> CarrelError:
    with pytest.raises(CarrelError) as raised:
        unpacked_gguf(file, file.parent / "models")
    assert "\n" not in str(raised.value)
    return raised.value


def test_a_disk_without_space_is_refused_before_anything_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = save_tiny_gguf(tmp_path / "small.gguf")
    real = conversion.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(conversion.shutil, "disk_usage", lambda _: real._replace(free=5))
    error = refusal(file)
    assert isinstance(error, StorageFull)
    assert "GiB there, 0.0 GiB are free" in str(error)


def test_too_little_memory_is_refused_before_anything_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = save_tiny_gguf(tmp_path / "small.gguf")
    (tmp_path / "meminfo").write_text("MemAvailable: 1 kB\n")
    monkeypatch.setattr(memory, "MEMINFO", tmp_path / "meminfo")
    assert "GiB of memory, 0.0 GiB are free" in str(refusal(file))


def test_a_broken_file_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "broken.gguf").write_bytes(b"GGUF" + bytes(40))
    error = refusal(tmp_path / "broken.gguf")
    assert isinstance(error, ModelLoadFailed)
    assert "broken.gguf cannot be loaded" in str(error)


def test_the_conversion_of_a_file_is_as_private_as_the_process_that_made_it(
    tmp_path: Path,
) -> None:
    file = save_tiny_gguf(tmp_path / "small.gguf")
    before = os.umask(0o077)
    try:
        folder = unpacked_gguf(file, tmp_path / "models")
        assert [each for each in (folder, *folder.iterdir()) if each.stat().st_mode & 0o077] == []
    finally:
        os.umask(before)
    # As older versions left it, beside a folder of somebody else's making.
    other = tmp_path / "models" / "other"
    other.mkdir()
    for each in (folder, *folder.iterdir(), other):
        each.chmod(0o755)
    conversion.make_conversions_private(tmp_path / "models")
    assert [each for each in (folder, *folder.iterdir()) if each.stat().st_mode & 0o077] == []
    assert other.stat().st_mode & 0o777 == 0o755
