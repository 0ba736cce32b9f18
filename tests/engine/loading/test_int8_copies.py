"""Weights held a second time in 8 bits, for steps of few rows."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional

from carrel.engine.adapters.adapter_set import AdapterSet
from carrel.engine.batching.batch_model import BatchModel
from carrel.engine.batching.self_check import check
from carrel.engine.loading import int8_copies, placement
from carrel.engine.loading.int8_copies import MOST_ROWS, Int8CopyLinear, add_int8_copies
from carrel.engine.loading.loader import load
from carrel.engine.spec import ModelSpec
from tiny.adapter import save_adapter
from tiny.model import save_tiny_model

ROUNDING = 2**-7
"""Of bfloat16, relative: the two kernels add up in different orders."""


def layer(inputs: int = 256, outputs: int = 300, bias: bool = False) -> nn.Linear:
    torch.manual_seed(1)
    return nn.Linear(inputs, outputs, bias=bias).bfloat16()


def relative_distance(one: torch.Tensor, other: torch.Tensor) -> float:
    return float((one.float() - other.float()).abs().max() / other.float().abs().max())


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies for small layers too, on any processor."""
    monkeypatch.setattr(int8_copies, "LEAST_WEIGHTS", 1)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("shape", [(1,), (MOST_ROWS,), (1, 3), (2, 2, 4)])
def test_few_rows_give_what_many_rows_give(shape: tuple[int, ...], bias: bool) -> None:
    linear = layer(bias=bias)
    exact = linear.weight.detach().clone()
    assert add_int8_copies(linear)
    assert isinstance(linear, Int8CopyLinear)
    # Half a step: the largest weight of each output is at least 64 steps.
    step = exact.float().abs().amax(1, keepdim=True) / 63.5
    assert bool(((linear.weight.float() - exact.float()).abs() <= step / 2).all())
    assert torch.equal(
        linear.weight.float(), linear.int8_weight.float() * linear.int8_scale.float()[:, None]
    )
    rows = torch.randn(*shape, 256).bfloat16()
    with torch.inference_mode():
        few = linear(rows)
        plain = functional.linear(rows, linear.weight, linear.bias)
        many = linear(torch.cat([rows.reshape(-1, 256)] * (MOST_ROWS + 1)))
    assert few.shape == (*shape, 300)
    assert few.dtype is torch.bfloat16
    assert relative_distance(few, plain) < ROUNDING
    assert relative_distance(many[: few.numel() // 300], few.reshape(-1, 300)) < ROUNDING


def test_few_rows_are_computed_from_the_copy() -> None:
    linear = layer()
    add_int8_copies(linear)
    linear.int8_weight.zero_()
    with torch.inference_mode():
        assert not linear(torch.ones(MOST_ROWS, 256).bfloat16()).any()
        assert linear(torch.ones(MOST_ROWS + 1, 256).bfloat16()).any()


def test_rows_that_lie_apart_in_memory_and_outputs_without_weights_are_right() -> None:
    linear = layer()
    with torch.no_grad():
        linear.weight[3] = 0
    add_int8_copies(linear)
    rows = torch.randn(256, 5).bfloat16().T
    with torch.inference_mode():
        product = linear(rows)
        assert relative_distance(product, functional.linear(rows, linear.weight)) < ROUNDING
        assert not product[:, 3].any()
        assert linear(rows[:0]).shape == (0, 300)


@pytest.mark.parametrize(
    "module",
    [
        pytest.param(layer().float(), id="float32"),
        pytest.param(layer(inputs=250), id="inputs that do not divide"),
        pytest.param(layer(outputs=8), id="a small layer"),
        pytest.param(nn.Embedding(300, 256).bfloat16(), id="an embedding"),
    ],
)
def test_other_layers_stay_as_they_are(module: nn.Module) -> None:
    before = {name: value.clone() for name, value in module.state_dict().items()}
    kind = type(module)
    assert not add_int8_copies(module)
    assert type(module) is kind
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_where_memory_is_short_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    linear = layer()
    exact = linear.weight.detach().clone()
    monkeypatch.setattr(int8_copies, "free_memory", lambda: 256 * 300 * 4 - 1)
    assert not add_int8_copies(linear)
    assert torch.equal(linear.weight, exact)
    monkeypatch.setattr(int8_copies, "free_memory", lambda: 256 * 300 * 4)
    assert add_int8_copies(linear)


def test_a_tied_output_layer_stays_tied() -> None:
    embedding = nn.Embedding(300, 256).bfloat16()
    head = nn.Linear(256, 300, bias=False).bfloat16()
    head.weight = embedding.weight
    assert add_int8_copies(nn.ModuleList([embedding, head]))
    assert head.weight is embedding.weight


@pytest.mark.usefixtures("eager")
def test_auto_takes_copies_and_a_number_format_by_name_does_not(tmp_path: Path) -> None:
    folder = str(save_tiny_model(tmp_path / "tiny"))
    loaded = load(ModelSpec(base_model=folder))
    assert loaded.precision == "bfloat16+int8"
    assert any(isinstance(module, Int8CopyLinear) for module in loaded.model.modules())
    for spec in (
        ModelSpec(base_model=folder, dtype="bfloat16"),
        ModelSpec(base_model=folder, max_cpu_memory=10),
    ):
        loaded = load(spec)
        assert loaded.precision == "bfloat16"
        assert not any(isinstance(module, Int8CopyLinear) for module in loaded.model.modules())


@pytest.mark.usefixtures("eager")
def test_no_copies_on_other_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    assert placement.wants_int8_copies(ModelSpec())
    assert not placement.wants_int8_copies(ModelSpec(load_4bit=True))
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True})
    assert not placement.wants_int8_copies(ModelSpec())
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert not placement.wants_int8_copies(ModelSpec())


@pytest.mark.usefixtures("eager")
def test_adapters_go_over_layers_with_copies_and_come_off_again(tmp_path: Path) -> None:
    folder = save_tiny_model(tmp_path / "tiny")
    adapter = save_adapter(folder, tmp_path / "adapter")
    loaded = load(ModelSpec(base_model=str(folder)))
    ids = torch.arange(10, 15)[None]
    adapters = loaded.adapters
    assert isinstance(adapters, AdapterSet)
    with torch.inference_mode():
        bare = loaded.model(ids).logits
        adapters.add("mine", adapter)
        with adapters.rows(["mine"]):
            adapted = loaded.model(ids).logits
        assert torch.equal(loaded.model(ids).logits, bare)
        assert relative_distance(adapted, bare) > ROUNDING
        adapters.remove("mine")
        assert torch.equal(loaded.model(ids).logits, bare)


@pytest.mark.parametrize("copies", [False, True])
def test_the_bundled_model_is_batched_in_bfloat16_with_and_without_copies(
    models_dir: Path, copies: bool
) -> None:
    loaded = load(ModelSpec(models_dir=models_dir, dtype="bfloat16"))
    if copies:
        assert add_int8_copies(loaded.model)
    batch = BatchModel(loaded.model, loaded.adapters)
    assert check(loaded.model, batch).problem is None
    batch.close()
