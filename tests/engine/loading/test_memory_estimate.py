from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from carrel.core.errors import CarrelError, ModelLoadFailed
from carrel.engine.loading import memory, memory_estimate, placement
from carrel.engine.loading.loader import load
from carrel.engine.loading.memory import GIB
from carrel.engine.loading.memory_estimate import Estimate, estimate, refuse_too_large
from carrel.engine.spec import ModelSpec
from tiny.model import save_tiny_model, tiny_model, tiny_tokenizer

SEVEN = Estimate(matrices=6_500_000_000, others=300_000_000)


@pytest.fixture
def free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return a function that sets how many GiB of memory are free."""

    def set_free(gibibytes: float) -> None:
        (tmp_path / "meminfo").write_text(f"MemAvailable: {int(gibibytes * 2**20)} kB\n")
        monkeypatch.setattr(memory, "MEMINFO", tmp_path / "meminfo")

    return set_free


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two GPUs of the current kind with 10 and 6 GiB free."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(
        torch.cuda, "mem_get_info", lambda gpu: ([10 * GIB, 6 * GIB][gpu], 24 * GIB)
    )
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda gpu: [(9, 0), (7, 0)][gpu])


def refusal(spec: ModelSpec, precision: str = "bfloat16") -> str:
    dtype = torch.float32 if precision == "float32" else torch.bfloat16
    with pytest.raises(ModelLoadFailed) as raised:
        refuse_too_large(spec, SEVEN, precision, dtype)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_the_weights_are_counted_from_the_headers(tiny_folder: Path) -> None:
    model = tiny_model(len(tiny_tokenizer()))
    counted = estimate(tiny_folder, pickled=False)
    assert counted.matrices + counted.others == model.num_parameters()
    quantized = [w for name, w in model.named_parameters() if "_proj" in name]
    assert counted.matrices == sum(weight.numel() for weight in quantized)


def test_an_estimate_follows_the_precision() -> None:
    wanted = [
        ("float32", torch.float32),
        ("bfloat16", torch.bfloat16),
        ("int8", torch.bfloat16),
        ("nf4", torch.bfloat16),
    ]
    sizes = [round(SEVEN.bytes(*each) / GIB, 1) for each in wanted]
    assert sizes == [26.6, 13.3, 7.0, 4.0]


def test_a_quantized_model_takes_about_what_was_estimated(tmp_path: Path) -> None:
    folder = save_tiny_model(tmp_path / "wide", hidden=256)
    for flag, precision in (("load_4bit", "nf4"), ("load_8bit", "int8")):
        loaded = load(
            ModelSpec(base_model=str(folder), dtype="bfloat16", **{flag: True})  # type: ignore[arg-type]
        )
        expected = estimate(folder, pickled=False).bytes(precision, torch.bfloat16)
        assert loaded.model.get_memory_footprint() == pytest.approx(expected, rel=0.15)


def test_too_little_memory_is_refused_with_both_figures(free: Callable[[float], None]) -> None:
    free(12)
    assert refusal(ModelSpec(base_model="owner/seven")) == (
        "Model owner/seven needs about 13.3 GiB in bfloat16, and 12.0 GiB are free in memory. "
        "--load_4bit=True takes about 4.0 GiB."
    )
    free(3)
    assert "take a smaller model" in refusal(ModelSpec())
    assert "in nf4" in refusal(ModelSpec(load_4bit=True), "nf4")
    free(14)
    refuse_too_large(ModelSpec(), SEVEN, "bfloat16", torch.bfloat16)


def test_nothing_is_loaded_where_memory_is_short(
    tiny_folder: Path, free: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    free(0)

    def loaded(*_: Any, **__: Any) -> None:
        raise AssertionError("the weights were loaded")

    monkeypatch.setattr("transformers.AutoModelForCausalLM.from_pretrained", loaded)
    with pytest.raises(
        CarrelError, match=r"needs about 0\.0 GiB in float32, and 0\.0 GiB are free"
    ):
        load(ModelSpec(base_model=str(tiny_folder), dtype="float32"))


def test_a_limit_of_the_processors_memory_counts(free: Callable[[float], None]) -> None:
    free(20)
    spec = ModelSpec(use_gpu_id=False, max_cpu_memory=8)
    assert "8.0 GiB are free in memory" in refusal(spec)


@pytest.mark.usefixtures("two_gpus")
def test_gpus_are_asked_for_their_own_memory(free: Callable[[float], None]) -> None:
    free(4)
    assert "10.0 GiB are free on GPU 0" in refusal(ModelSpec())
    spread = ModelSpec(use_gpu_id=False)
    refuse_too_large(spread, SEVEN, "bfloat16", torch.bfloat16)
    assert "20.0 GiB are free on all GPUs and in memory" in refusal(spread, "float32")
    limited = ModelSpec(use_gpu_id=False, max_gpu_memory=2, max_cpu_memory=1)
    assert "5.0 GiB are free on all GPUs and in memory" in refusal(limited)
    assert placement.memory_limits(limited) == {0: 2 * GIB, 1: 2 * GIB, "cpu": GIB}
    assert "4.0 GiB are free on all GPUs." in refusal(limited, "int8")


@pytest.mark.usefixtures("two_gpus")
def test_a_gpu_that_cannot_compute_with_few_bits_is_refused() -> None:
    placement.refuse_quantization(ModelSpec(load_8bit=True))
    placement.refuse_quantization(ModelSpec(load_4bit=True, use_gpu_id=False))
    with pytest.raises(ModelLoadFailed, match=r"GPU 1 .* 7\.0, 7\.5 is the least"):
        placement.refuse_quantization(ModelSpec(load_8bit=True, gpu_id=1))


def test_a_pickled_model_is_estimated_by_its_size(tiny_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_folder, tmp_path / "pickled")
    torch.save(tiny_model(len(tiny_tokenizer())).state_dict(), folder / "pytorch_model.bin")
    weights = estimate(tiny_folder, pickled=False)
    counted = estimate(folder, pickled=True)
    assert counted.others == pytest.approx(weights.matrices + weights.others, rel=0.1)


def test_free_memory_is_that_of_this_machine() -> None:
    assert (memory_estimate.free_memory() or 1) > 0
