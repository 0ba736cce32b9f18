"""The device that is asked for, on machines that have it and that lack it."""

from __future__ import annotations

import pytest
import torch

from carrel.core.errors import ModelLoadFailed
from carrel.engine.loading import memory_estimate, placement
from carrel.engine.spec import ModelSpec


def test_the_gpu_of_a_mac_takes_the_weights_in_float16(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = ModelSpec(device="mps")
    with pytest.raises(ModelLoadFailed, match="only a Mac with Apple silicon"):
        placement.device_map(spec)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert placement.device_map(spec) == {"": "mps"}
    assert placement.default_dtype("mps") is torch.float16
    assert not placement.wants_int8_copies(spec)
    with pytest.raises(ModelLoadFailed, match="4-bit weights cannot be computed on 'mps'"):
        placement.refuse_quantization(ModelSpec(device="mps", load_4bit=True))


def test_a_gpu_is_left_alone_for_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True})
    spec = ModelSpec(device="cpu")
    assert placement.device_map(spec) is None
    assert placement.default_dtype("cpu") is torch.float32
    assert memory_estimate.available(spec, "float32")[1] == "in memory"


def test_nvidias_gpu_is_refused_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ModelLoadFailed, match="finds no NVIDIA GPU"):
        placement.device_map(ModelSpec(device="cuda"))
