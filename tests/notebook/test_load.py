"""``carrel.load``: its options, its errors, and that it is the server's own loader and engine."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
import torch

import carrel
from carrel.core.chat import Message, Role, SamplingParams
from carrel.core.errors import InvalidSetting, ModelLoadFailed, ModelNotFound, UnknownSetting
from carrel.engine.build import model_loaders
from carrel.notebook.answer import whole
from carrel.notebook.load import known_options, settings_of
from carrel.settings.load import load_settings
from carrel.settings.schema import PromptType, setting_sections
from running.real_processes import modules_after
from tiny.model import save_tiny_model

QUESTION = "Who reads there?"


@pytest.fixture(autouse=True)
def log_as_before() -> Iterator[None]:
    """A notebook's process gets a log set up if it has none; the tests' runs without."""
    configured = structlog.is_configured()
    yield
    if not configured:
        structlog.reset_defaults()


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [each for each in os.environ if each.startswith("CARREL_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random model."""
    return save_tiny_model(tmp_path_factory.mktemp("tiny"))


def test_importing_carrel_brings_no_library() -> None:
    loaded = modules_after("import carrel; carrel.load")
    assert not {"torch", "transformers", "pydantic", "structlog", "carrel.settings"} & loaded


@pytest.mark.parametrize("prompt_type", ["template", "human_bot"])
def test_it_answers_as_the_servers_engine_does(tiny_folder: Path, prompt_type: str) -> None:
    flags = {"base_model": str(tiny_folder), "prompt_type": prompt_type, "offline": "True"}
    [loader] = model_loaders(load_settings(flags, {}).settings)

    async def served() -> str:
        engine = loader.load()
        sampling = SamplingParams(max_new_tokens=12)
        answer = await whole(engine.generate([Message(Role.USER, QUESTION)], sampling))
        await engine.close()
        return answer.text

    with carrel.load(str(tiny_folder), prompt_type=prompt_type, offline=True) as model:
        assert model(QUESTION, max_new_tokens=12).text == asyncio.run(served())


def test_the_options_are_the_settings_of_models_and_generation() -> None:
    sections = setting_sections()
    named = [name for name, section in sections.items() if section in ("model", "generation")]
    left_out = {"base_model", "model_lock", "score_model", "score_seconds"}
    assert set(known_options()) == set(named) - left_out | {"offline", "models_dir", "device_map"}


def test_options_become_settings() -> None:
    options: dict[str, Any] = {
        "load_4bit": True,
        "lora_weights": Path("adapters/mine"),
        "prompt_type": PromptType.HUMAN_BOT,
        "dtype": torch.bfloat16,
        "device_map": "auto",
        "offline": True,
        "temperature": 0.5,
        "inference_server": None,
    }
    settings = settings_of("owner/name", options)
    model = settings.model
    assert (model.base_model, model.lora_weights) == ("owner/name", ("adapters/mine",))
    assert (model.load_4bit, model.load_8bit, model.dtype) == (True, False, "bfloat16")
    assert (model.prompt_type, model.use_gpu_id) == (PromptType.HUMAN_BOT, False)
    assert (settings.server.offline, settings.generation.temperature) == (True, 0.5)


def test_a_list_is_written_with_commas() -> None:
    given = settings_of("owner/name", {"lora_weights": [Path("a"), "b"]}).model.lora_weights
    assert given == settings_of("owner/name", {"lora_weights": "a,b"}).model.lora_weights


def test_without_a_device_map_the_model_goes_to_one_gpu() -> None:
    assert settings_of("bundled", {"device_map": None}).model.use_gpu_id


def test_the_environment_counts_but_the_named_model_is_the_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CARREL_OFFLINE", "True")
    monkeypatch.setenv("CARREL_MODEL_LOCK", "[{'base_model': 'other'}]")
    monkeypatch.setenv("CARREL_BASE_MODEL", "another")
    settings = settings_of("owner/name", {})
    assert settings.server.offline
    assert (settings.model.base_model, settings.model.model_lock) == ("owner/name", ())


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"load_4bits": True}, UnknownSetting, r"load_4bits\. Did you mean load_4bit\?"),
        ({"score_model": "x"}, UnknownSetting, "score_model"),
        ({"port": 1}, UnknownSetting, "port"),
        ({"device_map": "balanced"}, InvalidSetting, "balanced"),
        ({"device_map": "auto", "use_gpu_id": True}, InvalidSetting, "exclude each other"),
        ({"load_4bit": True, "load_8bit": True}, InvalidSetting, "exclude each other"),
        ({"dtype": "int3"}, InvalidSetting, "int3"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_loaded(
    options: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words) as raised:
        carrel.load("bundled", **options)
    assert "\n" not in str(raised.value)


def test_a_model_that_cannot_be_loaded_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Earlier captures of log lines left a configuration behind.
    structlog.reset_defaults()
    with pytest.raises(ModelNotFound, match="offline"):
        carrel.load("nobody/nothing", offline=True)
    (tmp_path / "file.bin").write_bytes(b"x")
    with pytest.raises(ModelLoadFailed):
        carrel.load(str(tmp_path / "file.bin"))
    assert capsys.readouterr().out == "", "the log has no place among what is printed"
