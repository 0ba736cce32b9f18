from __future__ import annotations

import json
import re
import shutil
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import GenerationConfig

from carrel.core.chat import Finished, Message, Role, SamplingParams, TextDelta
from carrel.core.errors import CarrelError, ModelLoadFailed, ModelNotFound
from carrel.engine.loading import placement
from carrel.engine.loading.loader import context_length, load, own_generation_config
from carrel.engine.sequential import SequentialEngine
from carrel.engine.spec import LoadedModel, ModelSpec
from carrel.engine.text.prompting import PromptBuilder
from tiny.adapter import save_adapter
from tiny.model import CONTEXT, save_tiny_model, tiny_model, tiny_tokenizer

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


async def test_an_adapter_applies_to_quantized_weights(tmp_path: Path) -> None:
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


class RunsCode:
    """What it makes when it is unpickled: a file that tells of it."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return (open, (str(self.trace), "w"))


def save_pickled(folder: Path, sharded: bool) -> Path:
    """Write the tiny model as torch did before safetensors."""
    tokenizer = tiny_tokenizer()
    model = tiny_model(len(tokenizer))
    tokenizer.save_pretrained(folder)
    model.config.save_pretrained(folder)
    state = dict(model.state_dict())
    if not sharded:
        torch.save(state, folder / "pytorch_model.bin")
        return folder
    weight_map = {}
    for number, names in enumerate((sorted(state)[:9], sorted(state)[9:])):
        file = f"pytorch_model-{number + 1:05}-of-00002.bin"
        torch.save({name: state[name] for name in names}, folder / file)
        weight_map |= dict.fromkeys(names, file)
    index = json.dumps({"metadata": {}, "weight_map": weight_map})
    (folder / "pytorch_model.bin.index.json").write_text(index)
    return folder


@pytest.mark.parametrize("sharded", [False, True])
async def test_pickled_weights_load_where_they_are_allowed(
    tiny_folder: Path, tmp_path: Path, sharded: bool
) -> None:
    folder = save_pickled(tmp_path / "old", sharded)
    assert "--allow_pickle=True" in str(failure(base_model=str(folder)))
    plain = load(ModelSpec(base_model=str(tiny_folder), dtype="float32"))
    loaded = load(ModelSpec(base_model=str(folder), dtype="float32", allow_pickle=True))
    assert await written(loaded) == await written(plain)


def test_safetensors_are_taken_where_there_are_both(tiny_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_folder, tmp_path / "both")
    (folder / "pytorch_model.bin").write_bytes(b"never read")
    assert load(ModelSpec(base_model=str(folder), allow_pickle=True)).name == "both"


def test_a_pickle_that_runs_code_is_not_run(tmp_path: Path) -> None:
    folder = save_pickled(tmp_path / "old", sharded=False)
    trace = tmp_path / "ran"
    torch.save({"weight": RunsCode(trace)}, folder / "pytorch_model.bin")
    assert isinstance(failure(base_model=str(folder), allow_pickle=True), ModelLoadFailed)
    assert not trace.exists()


async def test_a_pickled_adapter_loads_where_it_is_allowed(
    tiny_folder: Path, tmp_path: Path
) -> None:
    adapter = save_adapter(tiny_folder, tmp_path / "law")
    own = {"base_model": str(tiny_folder), "lora_weights": str(adapter), "dtype": "float32"}
    expected = await written(load(ModelSpec(**own)))  # type: ignore[arg-type]
    torch.save(load_file(adapter / "adapter_model.safetensors"), adapter / "adapter_model.bin")
    (adapter / "adapter_model.safetensors").unlink()
    assert "adapter_model.bin" in str(failure(**own))
    loaded = load(ModelSpec(**own, allow_pickle=True))  # type: ignore[arg-type]
    assert await written(loaded) == expected


def test_a_template_in_a_file_replaces_the_models_own(tiny_folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "own.jinja"
    file.write_text("{% for m in messages %}Q: {{ m['content'] }}\n{% endfor %}A:")
    loaded = load(ModelSpec(base_model=str(tiny_folder), prompt_template=file))
    builder = PromptBuilder(loaded.tokenizer, loaded.prompt_type)
    ids = builder.encode([Message(Role.SYSTEM, "Be brief."), Message(Role.USER, "Why?")])
    assert loaded.tokenizer.decode(ids) == "Q: Be brief.\nQ: Why?\nA:"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"fine\n{% if %}", r"own\.jinja cannot be used: line 2"),
        (b"{{ 10 ** (10 ** 10) }}", r"own\.jinja cannot be used: it took"),
        (b"\xff\xfe", r"own\.jinja cannot be read"),
        (None, r"own\.jinja cannot be read"),
    ],
)
def test_a_template_file_that_cannot_be_used_is_named(
    tiny_folder: Path, tmp_path: Path, content: bytes | None, said: str
) -> None:
    file = tmp_path / "own.jinja"
    if content is not None:
        file.write_bytes(content)
    error = failure(base_model=str(tiny_folder), prompt_template=file)
    assert isinstance(error, ModelLoadFailed)
    assert re.search(said, str(error))


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
