"""Adapters over one base: what they compute, what is refused, and what is left behind."""

from __future__ import annotations

import functools
import gc
import json
import shutil
import weakref
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from carrel.core.errors import AlreadyExists, GenerationFailed, ModelLoadFailed
from carrel.engine.adapters.adapter_set import AdapterSet
from carrel.engine.loading.loader import load
from carrel.engine.spec import ModelSpec
from tiny.adapter import save_adapter
from tiny.model import save_tiny_model

# peft says of an adapter with a bias that it cannot be merged (nothing is merged here), and, while
# it saves one, takes the bias for a broken matrix.
pytestmark = pytest.mark.filterwarnings(
    "ignore:`lora_bias=True` was passed",
    "ignore:Adapter 'default'.*have invalid shape",
    "ignore:Setting `save_embedding_layers` to `True`",
)

TOLERANCE = 1e-4
IDS = torch.arange(48).reshape(4, 12) % 300

VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "rank-16": {"r": 16, "lora_alpha": 8},
    "all-linear": {"target_modules": "all-linear", "r": 2},
    "rslora": {"use_rslora": True, "r": 8},
    "dora": {"use_dora": True, "target_modules": ["q_proj", "down_proj"]},
    "lora-bias": {"lora_bias": True},
    "ranks-by-layer": {"rank_pattern": {"q_proj": 7}, "alpha_pattern": {"q_proj": 3}},
    "one-layer": {"layers_to_transform": [1]},
    "embedding": {"target_modules": ["embed_tokens", "q_proj"]},
    "whole-modules": {"modules_to_save": ["lm_head"]},
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("models") / "base")


@pytest.fixture(scope="module")
def adapters(base: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("adapters")
    return {name: save_adapter(base, folder / name, **VARIANTS[name]) for name in VARIANTS}


def model_of(folder: Path) -> Any:
    return AutoModelForCausalLM.from_pretrained(folder).eval()


def logits(model: Any, ids: torch.Tensor = IDS) -> torch.Tensor:
    with torch.inference_mode():
        return torch.as_tensor(model(input_ids=ids).logits)


@functools.cache
def by_peft(base: Path, adapter: Path) -> torch.Tensor:
    return logits(PeftModel.from_pretrained(model_of(base), str(adapter)).eval())


def set_of(base: Path, adapters: dict[str, Path]) -> tuple[Any, AdapterSet]:
    model = model_of(base)
    adapter_set = AdapterSet(model, base.name)
    for name, folder in adapters.items():
        adapter_set.add(name, folder)
    return model, adapter_set


def test_each_adapter_alone_equals_pefts_own_logits(base: Path, adapters: dict[str, Path]) -> None:
    model, adapter_set = set_of(base, adapters)
    bare = logits(model_of(base))
    for name, folder in adapters.items():
        with adapter_set.rows([name] * 4):
            given = logits(model)
        assert (given - by_peft(base, folder)).abs().max() < TOLERANCE, name
        assert (given - bare).abs().max() > 0.01, name
        assert torch.equal(logits(model), bare), f"{name} stayed on after its block"


def test_rows_of_one_batch_equal_each_adapter_alone(base: Path, adapters: dict[str, Path]) -> None:
    model, adapter_set = set_of(base, adapters)
    names = [*adapters, None]
    for first in range(0, len(names), 2):
        batch = [names[(first + step) % len(names)] for step in (0, 1, 4)] + [None]
        with adapter_set.rows(batch):
            together = logits(model)
        for row, name in enumerate(batch):
            alone = logits(model_of(base)) if name is None else by_peft(base, adapters[name])
            assert (together[row] - alone[row]).abs().max() < TOLERANCE, (batch, name)
    assert torch.equal(logits(model), logits(model_of(base)))


def test_a_base_in_4_bits_takes_adapters_row_by_row(tmp_path: Path) -> None:
    folder = save_tiny_model(tmp_path / "wide", hidden=64)
    spec = ModelSpec(base_model=str(folder), load_4bit=True)
    one = save_adapter(folder, tmp_path / "one")
    two = save_adapter(folder, tmp_path / "two", r=2, target_modules=["k_proj", "up_proj"])
    model = load(spec).model
    adapter_set = AdapterSet(model, "wide")
    adapter_set.add("one", one)
    adapter_set.add("two", two)
    with adapter_set.rows(["one", None, "two", "one"]):
        together = logits(model)
    alone = {
        name: logits(PeftModel.from_pretrained(load(spec).model, str(adapter)).eval())
        for name, adapter in {"one": one, "two": two}.items()
    } | {None: logits(load(spec).model)}
    for row, name in enumerate(["one", None, "two", "one"]):
        assert (together[row] - alone[name][row]).abs().max() < 0.05 * alone[name].abs().max()
    with adapter_set.rows(["two"] * 4):
        assert torch.allclose(logits(model), alone["two"], atol=TOLERANCE)


def test_inputs_that_are_flattened_over_their_positions_keep_their_rows(
    base: Path, adapters: dict[str, Path]
) -> None:
    model, adapter_set = set_of(base, {"plain": adapters["plain"], "rank": adapters["rank-16"]})
    projection = model.model.layers[0].self_attn.q_proj
    hidden = torch.randn(2, 5, 32, generator=torch.Generator().manual_seed(3))
    with torch.inference_mode(), adapter_set.rows(["plain", "rank"]):
        assert torch.allclose(projection(hidden), projection(hidden.flatten(0, 1)).view(2, 5, -1))


def test_a_removed_adapter_is_gone_and_the_others_compute_as_before(
    base: Path, adapters: dict[str, Path]
) -> None:
    model, adapter_set = set_of(base, adapters)
    for name in list(adapters)[:-1]:
        adapter_set.remove(name)
    adapter_set.remove("never there")
    left = list(adapters)[-1]
    assert adapter_set.names == (left,)
    with adapter_set.rows([left] * 4):
        assert torch.allclose(logits(model), by_peft(base, adapters[left]), atol=TOLERANCE)
    with pytest.raises(GenerationFailed, match="plain was unloaded"), adapter_set.rows(["plain"]):
        pass
    adapter_set.add("plain", adapters["plain"])
    with adapter_set.rows(["plain", left, None, "plain"]):
        assert (logits(model)[0] - by_peft(base, adapters["plain"])[0]).abs().max() < TOLERANCE


def test_after_the_last_adapter_the_model_has_its_own_modules_and_no_others(
    base: Path, adapters: dict[str, Path]
) -> None:
    model = model_of(base)
    before = {name: type(module) for name, module in model.named_modules()}
    adapter_set = AdapterSet(model, "base")
    adapter_set.add("one", adapters["all-linear"])
    adapter_set.add("two", adapters["whole-modules"])
    layer = weakref.ref(model.model.layers[0].mlp.up_proj)
    adapter_set.remove("one")
    adapter_set.remove("two")
    assert {name: type(module) for name, module in model.named_modules()} == before
    assert not hasattr(model, "peft_config")
    gc.collect()
    assert layer() is None
    adapter_set.add("one", adapters["plain"])
    assert adapter_set.names == ("one",)


def test_without_adapters_nothing_is_put_around_the_model(base: Path) -> None:
    model = model_of(base)
    modules = list(model.modules())
    adapter_set = AdapterSet(model, "base")
    with adapter_set.rows([None, None]):
        assert list(model.modules()) == modules
        assert not any(module._forward_pre_hooks for module in modules)


def test_a_name_may_hold_dots_and_begin_like_another(base: Path, adapters: dict[str, Path]) -> None:
    names = ["me/law-v1.0", "me/law-v1", "default", "lora_A"]
    folders = [adapters[each] for each in ("plain", "rank-16", "rslora", "all-linear")]
    model, adapter_set = set_of(base, dict(zip(names, folders, strict=True)))
    with adapter_set.rows(names):
        together = logits(model)
    for row, folder in enumerate(folders):
        assert (together[row] - by_peft(base, folder)[row]).abs().max() < TOLERANCE
    with pytest.raises(AlreadyExists, match="me/law-v1 is loaded already"):
        adapter_set.add("me/law-v1", folders[0])


def refused(base: Path, folder: Path, others: dict[str, Path]) -> str:
    """Add an adapter that has to be refused, and see that nothing is left of it."""
    model, adapter_set = set_of(base, others)
    modules = [name for name, _ in model.named_modules()]
    before = logits(model)
    with pytest.raises(ModelLoadFailed) as raised:
        adapter_set.add("wrong", folder)
    assert "\n" not in str(raised.value)
    assert adapter_set.names == tuple(others)
    if not others:
        assert [name for name, _ in model.named_modules()] == modules
    assert torch.equal(logits(model), before)
    for name, right in others.items():
        with adapter_set.rows([name] * 4):
            assert torch.allclose(logits(model), by_peft(base, right), atol=TOLERANCE)
    return str(raised.value)


@pytest.fixture(params=[False, True], ids=["first", "second"])
def others(request: pytest.FixtureRequest, adapters: dict[str, Path]) -> dict[str, Path]:
    """The adapters that are there already when another one is refused."""
    return {"plain": adapters["plain"], "whole": adapters["whole-modules"]} if request.param else {}


def test_an_adapter_of_a_wider_base_is_refused_with_both_shapes(
    base: Path, tmp_path: Path, others: dict[str, Path]
) -> None:
    wide = save_tiny_model(tmp_path / "wide", hidden=64)
    message = refused(base, save_adapter(wide, tmp_path / "law"), others)
    assert "law does not fit the model base" in message
    assert "layers.0.self_attn.q_proj is (4, 64) where the model needs (4, 32)" in message


def test_an_adapter_for_modules_that_are_not_there_is_refused_with_their_name(
    base: Path, tmp_path: Path, others: dict[str, Path]
) -> None:
    folder = changed(save_adapter(base, tmp_path / "law"), target_modules=["c_fc"])
    assert "c_fc" in refused(base, folder, others)


def test_an_adapter_of_a_deeper_base_is_refused_with_the_missing_module(
    base: Path, tmp_path: Path, others: dict[str, Path]
) -> None:
    folder = save_adapter(base, tmp_path / "law")
    weights = load_file(folder / "adapter_model.safetensors")
    deeper = {
        name.replace("layers.1.", "layers.7."): each.clone() for name, each in weights.items()
    }
    save_file(weights | deeper, folder / "adapter_model.safetensors")
    message = refused(base, folder, others)
    assert "the model has no module model.layers.7.self_attn" in message


def test_an_adapter_without_all_weights_is_refused_with_the_module(
    base: Path, tmp_path: Path, others: dict[str, Path]
) -> None:
    targets = ["q_proj", "v_proj", "o_proj"]
    folder = changed(save_adapter(base, tmp_path / "law"), target_modules=targets)
    message = refused(base, folder, others)
    assert "it has no weights for model.layers.0.self_attn.o_proj" in message


def test_an_adapter_of_another_family_is_refused_though_it_fits(
    base: Path, tmp_path: Path, others: dict[str, Path]
) -> None:
    folder = save_adapter(base, tmp_path / "law")
    message = refused(base, changed(folder, base_model_name_or_path="o/Mistral-7B-v0.1"), others)
    assert "made for o/Mistral-7B-v0.1, and this base is of type llama" in message
    recorded = tmp_path / "other"
    recorded.mkdir()
    (recorded / "config.json").write_text('{"model_type": "opt"}')
    message = refused(base, changed(folder, base_model_name_or_path=str(recorded)), others)
    assert "this base is of type llama" in message


@pytest.mark.parametrize("recorded", ["/gone/checkpoint-500", "owner/TinyLlama-1.1B", "o/vicuna"])
def test_a_recorded_base_of_another_name_alone_is_no_reason_to_refuse(
    base: Path, tmp_path: Path, recorded: str
) -> None:
    folder = changed(save_adapter(base, tmp_path / "law"), base_model_name_or_path=recorded)
    set_of(base, {"law": folder})


@pytest.mark.parametrize(
    "option",
    [
        {"bias": "all"},
        {"init_lora_weights": "pissa"},
        {"layer_replication": [[0, 2], [1, 2]]},
        {"trainable_token_indices": [3, 4]},
        {"option_of_tomorrow": {"depth": 2}},
        {"peft_type": "IA3"},
    ],
    ids=lambda option: next(iter(option)),
)
def test_what_would_change_the_base_is_refused_by_name(
    base: Path, tmp_path: Path, others: dict[str, Path], option: dict[str, Any]
) -> None:
    (name,) = option
    folder = changed(save_adapter(base, tmp_path / "law"), **option)
    message = refused(base, folder, others)
    assert (name if name != "peft_type" else "of type IA3") in message


def test_an_adapter_with_the_bases_own_embeddings_is_refused(
    base: Path, tmp_path: Path, others: dict[str, Path]
) -> None:
    folder = save_adapter(base, tmp_path / "law")
    weights = load_file(folder / "adapter_model.safetensors")
    embeddings = model_of(base).get_input_embeddings().weight.detach().clone() + 1
    weights["base_model.model.model.embed_tokens.weight"] = embeddings
    save_file(weights, folder / "adapter_model.safetensors")
    assert "a model.embed_tokens of its own" in refused(base, folder, others)


@pytest.mark.parametrize("file", ["adapter_config.json", "adapter_model.safetensors"])
def test_a_damaged_or_missing_file_is_refused(
    base: Path, tmp_path: Path, others: dict[str, Path], file: str
) -> None:
    folder = save_adapter(base, tmp_path / "law")
    (folder / file).write_text("{damaged")
    refused(base, folder, others)
    (folder / file).unlink()
    assert file in refused(base, folder, others)


def test_pickled_weights_are_read_only_where_that_is_allowed(base: Path, tmp_path: Path) -> None:
    folder = save_adapter(base, tmp_path / "law")
    pickled = shutil.copytree(folder, tmp_path / "pickled")
    torch.save(load_file(folder / "adapter_model.safetensors"), pickled / "adapter_model.bin")
    (pickled / "adapter_model.safetensors").unlink()
    assert "has no adapter_model.safetensors" in refused(base, pickled, {})
    model = model_of(base)
    adapter_set = AdapterSet(model, "base", allow_pickle=True)
    adapter_set.add("law", pickled)
    with adapter_set.rows(["law"] * 4):
        assert torch.allclose(logits(model), by_peft(base, folder), atol=TOLERANCE)


def test_the_configuration_of_an_adapter_from_years_ago_is_understood(
    base: Path, tmp_path: Path
) -> None:
    folder = save_adapter(base, tmp_path / "old")
    expected = by_peft(base, folder)
    (folder / "adapter_config.json").write_text(
        json.dumps(
            {
                "base_model_name_or_path": "h2oai/h2ogpt-oasst1-512-12b",
                "bias": "none",
                "enable_lora": None,
                "fan_in_fan_out": False,
                "inference_mode": True,
                "lora_alpha": 8,
                "lora_dropout": 0.05,
                "merge_weights": False,
                "modules_to_save": None,
                "peft_type": "LORA",
                "r": 4,
                "target_modules": ["q_proj", "v_proj"],
                "task_type": "CAUSAL_LM",
            }
        )
    )
    model, adapter_set = set_of(base, {"old": folder})
    with adapter_set.rows(["old"] * 4):
        assert torch.allclose(logits(model), expected, atol=TOLERANCE)


def changed(folder: Path, **fields: Any) -> Path:
    """Write other values into an adapter's configuration."""
    file = folder / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | fields))
    return folder
