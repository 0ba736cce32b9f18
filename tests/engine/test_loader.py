from __future__ import annotations

import json
import shutil
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import GenerationConfig

from carrel.core.chat import Finished, Message, Role, SamplingParams, TextDelta
from carrel.core.errors import CarrelError, ModelLoadFailed, ModelNotFound
from carrel.engine import placement
from carrel.engine.loader import context_length, load, own_generation_config
from carrel.engine.sequential import SequentialEngine
from carrel.engine.spec import LoadedModel, ModelSpec
from tiny_adapter import save_adapter
from tiny_model import CONTEXT, save_tiny_model, tiny_tokenizer

GREEDY = SamplingParams(max_new_tokens=20)


async def written(loaded: LoadedModel) -> str:
    messages = [Message(Role.USER, "Describe a library.")]
    async with aclosing(SequentialEngine(loaded).generate(messages, GREEDY)) as events:
        seen = [event async for event in events]
    assert isinstance(seen[-1], Finished)
    return "".join(event.text for event in seen if isinstance(event, TextDelta))


def failure(**fields: Any) -> CarrelError:
    with pytest.raises(CarrelError) as raised:
        load(ModelSpec(offline=True, **fields))
    assert "\n" not in str(raised.value)
    return raised.value


def test_a_local_folder_loads(tiny_folder: Path) -> None:
    loaded = load(ModelSpec(base_model=str(tiny_folder), dtype="float32"))
    assert (loaded.name, loaded.context_length) == (tiny_folder.name, CONTEXT)
    assert (loaded.precision, loaded.model.training) == ("float32", False)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_the_wanted_number_format_is_used(tiny_folder: Path, dtype: str) -> None:
    loaded = load(ModelSpec(base_model=str(tiny_folder), dtype=dtype))
    assert loaded.precision == dtype == str(loaded.model.dtype).removeprefix("torch.")


def test_auto_is_float32_where_bfloat16_is_not_native(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True})
    assert placement.default_dtype() is torch.float32
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": True})
    assert placement.default_dtype() is torch.bfloat16


def test_a_gpu_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert placement.device_map(ModelSpec(gpu_id=1)) == {"": 1}
    assert placement.device_map(ModelSpec(gpu_id=7, use_gpu_id=False)) == "auto"
    with pytest.raises(ModelLoadFailed, match="no GPU 2: this machine has 2"):
        placement.device_map(ModelSpec(gpu_id=2))


@pytest.mark.parametrize(
    ("flag", "precision", "layer"),
    [("load_4bit", "nf4", "Linear4bit"), ("load_8bit", "int8", "Linear8bitLt")],
)
async def test_quantized_weights_answer(
    tmp_path: Path, flag: str, precision: str, layer: str
) -> None:
    folder = save_tiny_model(tmp_path / "wide", hidden=64)
    loaded = load(ModelSpec(base_model=str(folder), **{flag: True}))  # type: ignore[arg-type]
    assert loaded.precision == precision
    assert type(loaded.model.model.layers[0].mlp.up_proj).__name__ == layer
    assert await written(loaded)


async def test_an_adapter_changes_the_answer(tiny_folder: Path, tmp_path: Path) -> None:
    adapter = save_adapter(tiny_folder, tmp_path / "law")
    base = ModelSpec(base_model=str(tiny_folder))
    loaded = load(ModelSpec(base_model=str(tiny_folder), lora_weights=str(adapter)))
    assert loaded.name == f"{tiny_folder.name}+law"
    assert await written(loaded) != await written(load(base))


async def test_an_adapter_goes_on_quantized_weights(tmp_path: Path) -> None:
    folder = save_tiny_model(tmp_path / "wide", hidden=64)
    adapter = save_adapter(folder, tmp_path / "law")
    base = ModelSpec(base_model=str(folder), load_4bit=True)
    loaded = load(ModelSpec(base_model=str(folder), load_4bit=True, lora_weights=str(adapter)))
    assert await written(loaded) != await written(load(base))


def test_an_adapter_of_another_size_does_not_fit(tiny_folder: Path, tmp_path: Path) -> None:
    other = save_tiny_model(tmp_path / "other", hidden=64)
    adapter = save_adapter(other, tmp_path / "law")
    error = failure(base_model=str(tiny_folder), lora_weights=str(adapter))
    assert isinstance(error, ModelLoadFailed)
    assert f"law does not fit the model {tiny_folder.name}" in str(error)


def test_a_missing_model_and_a_missing_adapter_are_not_found(
    tiny_folder: Path, tmp_path: Path
) -> None:
    assert isinstance(failure(base_model="owner/none"), ModelNotFound)
    error = failure(base_model=str(tiny_folder), lora_weights="owner/none")
    assert isinstance(error, ModelNotFound)
    assert "owner/none" in str(error)


@pytest.mark.parametrize("file", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_damaged_file_is_a_load_failure(tiny_folder: Path, tmp_path: Path, file: str) -> None:
    folder = shutil.copytree(tiny_folder, tmp_path / "damaged")
    (folder / file).write_text("{damaged")
    error = failure(base_model=str(folder))
    assert isinstance(error, ModelLoadFailed)
    assert "damaged cannot be loaded" in str(error)


def test_an_unknown_architecture_is_a_load_failure(tiny_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_folder, tmp_path / "unknown")
    (folder / "config.json").write_text('{"model_type": "from_the_future"}')
    error = failure(base_model=str(folder))
    assert isinstance(error, ModelLoadFailed)
    assert "from_the_future" in str(error)


def test_code_that_comes_with_a_model_is_not_run(tiny_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_folder, tmp_path / "coded")
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "custom", "auto_map": {"AutoConfig": "code.Config"}}
    (folder / "config.json").write_text(json.dumps(config))
    trace = tmp_path / "ran"
    (folder / "code.py").write_text(f"open({str(trace)!r}, 'w').close()\nclass Config: pass\n")
    assert isinstance(failure(base_model=str(folder)), ModelLoadFailed)
    assert not trace.exists()


def test_a_gguf_file_that_is_none_is_a_load_failure(tmp_path: Path) -> None:
    (tmp_path / "broken.gguf").write_bytes(b"GGUF" + bytes(40))
    assert isinstance(failure(base_model=str(tmp_path / "broken.gguf")), ModelLoadFailed)


def test_a_models_own_sampling_is_dropped_and_its_end_tokens_are_kept() -> None:
    given = GenerationConfig(  # type: ignore[no-untyped-call]
        do_sample=True, temperature=0.3, eos_token_id=[5, 6], suppress_tokens=[9]
    )
    own = own_generation_config(given, tiny_tokenizer())
    assert (own.temperature, own.do_sample) == (None, None)
    assert own.eos_token_id == [5, 6, 1]
    assert own.pad_token_id == 5
    assert own.suppress_tokens == [9]


def test_the_context_comes_from_the_configuration_or_the_tokenizer() -> None:
    class Config:
        n_positions = 77

        def get_text_config(self) -> Config:
            return self

    class Nothing(Config):
        n_positions = None  # type: ignore[assignment]

    tokenizer = tiny_tokenizer()
    assert context_length(Config(), tokenizer) == 77
    assert context_length(Nothing(), tokenizer) == 2048
    tokenizer.model_max_length = 500
    assert context_length(Nothing(), tokenizer) == 500
