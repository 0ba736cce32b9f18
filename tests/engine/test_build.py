from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from carrel.core.errors import InvalidSetting, OfflineRefused
from carrel.engine.build import model_loaders
from carrel.settings.schema import ModelSettings, ServerSettings, Settings, StorageSettings
from openai_server import MODEL, foreign_server


def settings(offline: bool = True, models_dir: Path = Path("models"), **model: Any) -> Settings:
    return Settings(
        model=ModelSettings(**model),
        server=ServerSettings(offline=offline),
        storage=StorageSettings(models_dir=models_dir),
    )


def names(given: Settings) -> list[str]:
    return [loader.name for loader in model_loaders(given)]


def test_the_bundled_model_is_the_default() -> None:
    assert names(settings()) == ["SmolLM2-135M-Instruct"]


def test_a_hub_id_keeps_its_name_and_a_folder_gives_its_own(tiny_folder: Path) -> None:
    assert names(settings(base_model="owner/name")) == ["owner/name"]
    assert names(settings(base_model=str(tiny_folder))) == [tiny_folder.name]
    assert names(settings(base_model="owner/name", lora_weights="me/law")) == ["owner/name+me/law"]


def test_model_lock_lists_the_models_and_falls_back_to_the_settings() -> None:
    lock = "[{'base_model': 'a/b'}, {'base_model': 'c/d', 'lora_weights': 'own'}]"
    given = settings(model_lock=lock, lora_weights="law", load_4bit=True)
    loaders = model_loaders(given)
    assert [loader.name for loader in loaders] == ["a/b+law", "c/d+own"]
    specs = [loader.load.args[0] for loader in loaders]  # type: ignore[attr-defined]
    assert [spec.load_4bit for spec in specs] == [True, True]


def test_the_precision_of_an_entry_replaces_that_of_the_settings() -> None:
    given = settings(model_lock="[{'base_model': 'a/b', 'load_8bit': True}]", load_4bit=True)
    spec = model_loaders(given)[0].load.args[0]  # type: ignore[attr-defined]
    assert (spec.load_8bit, spec.load_4bit) == (True, False)


def test_the_prompt_form_of_an_entry_replaces_that_of_the_settings() -> None:
    lock = "[{'base_model': 'a/b', 'prompt_type': 'danube'}, {'base_model': 'c/d'}]"
    given = settings(model_lock=lock, prompt_template="own.jinja")
    specs = [loader.load.args[0] for loader in model_loaders(given)]  # type: ignore[attr-defined]
    assert [spec.prompt_template for spec in specs] == [None, Path("own.jinja")]
    lock = "[{'base_model': 'a/b', 'prompt_template': 'own.jinja'}]"
    spec = model_loaders(settings(model_lock=lock, prompt_type="plain"))[0].load.args[0]  # type: ignore[attr-defined]
    assert (spec.prompt_type, spec.prompt_template) == ("template", Path("own.jinja"))


@pytest.mark.parametrize(
    "contradiction",
    [
        {"prompt_type": "plain", "prompt_template": "own.jinja"},
        {"model_lock": "[{'base_model': 'a', 'prompt_type': 'plain', 'prompt_template': 'b'}]"},
        {"max_gpu_memory": 5},
        {"max_cpu_memory": 5},
    ],
)
def test_settings_that_contradict_each_other_are_refused(contradiction: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"exclude each other|need use_gpu_id=False"):
        ModelSettings(**contradiction)


def test_two_models_of_one_name_are_refused() -> None:
    with pytest.raises(InvalidSetting, match="names a/b twice"):
        names(settings(model_lock="[{'base_model': 'a/b'}, {'base_model': 'a/b'}]"))


def test_engine_and_inference_server_must_agree() -> None:
    with pytest.raises(InvalidSetting, match="names no server"):
        names(settings(engine="remote"))
    with pytest.raises(InvalidSetting, match="leave one of them out"):
        names(settings(engine="sequential", inference_server="vllm:localhost:1"))
    with pytest.raises(InvalidSetting, match="vllm:HOST:PORT"):
        names(settings(inference_server="nowhere"))


def test_the_scripted_engine_needs_no_model() -> None:
    (loader,) = model_loaders(settings(engine="scripted"))
    assert loader.load().info.engine == "scripted"


def test_an_inference_server_makes_the_engine_remote() -> None:
    with foreign_server() as server:
        (loader,) = model_loaders(settings(inference_server=server.base_url))
        assert loader.load().info.name == MODEL
        (named,) = model_loaders(settings(inference_server=server.base_url, base_model=MODEL))
        assert named.name == MODEL
        assert named.load().info.engine == "remote"


def test_the_api_key_reaches_the_server() -> None:
    with foreign_server() as server:
        server.api_key = "right"
        (loader,) = model_loaders(
            settings(inference_server=server.base_url, inference_server_api_key="right")
        )
        assert loader.load().info.name == MODEL


def test_offline_reaches_the_remote_engine() -> None:
    (loader,) = model_loaders(settings(inference_server="vllm:203.0.113.1:9"))
    with pytest.raises(OfflineRefused):
        loader.load()


def test_a_local_model_is_served_by_the_sequential_engine(tiny_folder: Path) -> None:
    (loader,) = model_loaders(settings(base_model=str(tiny_folder)))
    info = loader.load().info
    assert (info.engine, info.name, info.context_length) == ("sequential", tiny_folder.name, 256)
