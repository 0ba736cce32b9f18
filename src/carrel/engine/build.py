"""From settings to the models in service."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from carrel.core.errors import InvalidSetting
from carrel.core.protocols import Engine
from carrel.engine.inference_server import parse_inference_server
from carrel.engine.llamacpp_library import is_installed
from carrel.engine.pool import NamedLoader
from carrel.engine.spec import ModelSpec
from carrel.settings.schema import (
    BUNDLED,
    EngineKind,
    ModelLockEntry,
    ModelSettings,
    PromptType,
    Settings,
)

MOST_WAITING = 64
"""Requests that may wait for llama.cpp."""


def model_loaders(settings: Settings) -> list[NamedLoader]:
    """Return a loader for each model that the settings name, the default one first.

    Nothing is loaded or connected to yet.

    Raises:
        InvalidSetting: the engine and the inference server contradict each other.
    """
    model = settings.model
    if model.engine is EngineKind.SCRIPTED:
        return [NamedLoader("scripted", _scripted)]
    entries = model.model_lock or (ModelLockEntry(base_model=model.base_model),)
    return _distinct([_loader(settings, _merged(model, entry)) for entry in entries])


def _merged(model: ModelSettings, entry: ModelLockEntry) -> ModelSettings:
    """Lay an entry of ``model_lock`` over the model settings; its precision and
    its prompt form replace theirs."""
    given = {name: value for name, value in entry.model_dump().items() if value is not None}
    if given.get("load_4bit") or given.get("load_8bit"):
        given = {"load_4bit": False, "load_8bit": False, **given}
    if given.get("prompt_type"):
        given = {"prompt_template": None, **given}
    if given.get("prompt_template"):
        given = {"prompt_type": PromptType.TEMPLATE, **given}
    return model.model_copy(update=given)


def _loader(settings: Settings, model: ModelSettings) -> NamedLoader:
    if model.inference_server is None:
        if model.engine is EngineKind.REMOTE:
            raise InvalidSetting("engine is 'remote', but inference_server names no server.")
        spec = _spec(settings, model)
        if _is_for_llamacpp(model):
            return NamedLoader(spec.name, partial(_llamacpp, spec, model))
        return NamedLoader(spec.name, partial(_sequential, spec))
    if model.engine not in (EngineKind.AUTO, EngineKind.REMOTE):
        raise InvalidSetting(
            f"engine is '{model.engine}', but inference_server is set: leave one of them out."
        )
    base_url = parse_inference_server(model.inference_server)
    named = None if model.base_model == BUNDLED else model.base_model
    key = model.inference_server_api_key
    load = partial(
        _remote, base_url, named, key.get_secret_value() if key else None, settings.server.offline
    )
    return NamedLoader(named or base_url, load)


def _is_for_llamacpp(model: ModelSettings) -> bool:
    """Whether llama.cpp is to run the model: by name, or a GGUF file without anything beside it.

    There it is the natural choice: the weights stay as small as they are in the file.
    """
    if model.engine is not EngineKind.AUTO:
        return model.engine is EngineKind.LLAMACPP
    changed = model.lora_weights or model.load_8bit or model.load_4bit or model.dtype != "auto"
    return model.base_model.endswith(".gguf") and not changed and is_installed()


def _spec(settings: Settings, model: ModelSettings) -> ModelSpec:
    return ModelSpec(
        base_model=model.base_model,
        lora_weights=model.lora_weights,
        load_8bit=model.load_8bit,
        load_4bit=model.load_4bit,
        dtype=model.dtype,
        use_gpu_id=model.use_gpu_id,
        gpu_id=model.gpu_id,
        prompt_type=model.prompt_type,
        prompt_template=model.prompt_template,
        allow_pickle=model.allow_pickle,
        max_gpu_memory=model.max_gpu_memory,
        max_cpu_memory=model.max_cpu_memory,
        trust_remote_code=model.trust_remote_code,
        models_dir=settings.storage.models_dir,
        offline=settings.server.offline,
    )


def _distinct(loaders: Sequence[NamedLoader]) -> list[NamedLoader]:
    """Refuse two models of one name: nobody could ask for the second."""
    names = [loader.name for loader in loaders]
    for name in names:
        if names.count(name) > 1:
            raise InvalidSetting(f"model_lock names {name} twice: each model needs its own name.")
    return list(loaders)


# The engines are imported when they are loaded, in the pool's thread: torch and transformers take
# seconds, and with the scripted or the remote engine neither is needed.


def _sequential(spec: ModelSpec) -> Engine:
    from carrel.engine.loader import load
    from carrel.engine.sequential import SequentialEngine

    return SequentialEngine(load(spec))


def _llamacpp(spec: ModelSpec, model: ModelSettings) -> Engine:
    from carrel.engine.llamacpp import LlamaCppEngine, load
    from carrel.engine.llamacpp_model import LlamaShape

    shape = LlamaShape(model.llamacpp_users, model.llamacpp_context)
    return LlamaCppEngine(load(spec, shape), MOST_WAITING)


def _remote(base_url: str, model: str | None, api_key: str | None, offline: bool) -> Engine:
    from carrel.engine.remote import RemoteEngine

    return RemoteEngine(base_url, model, api_key, offline=offline)


def _scripted() -> Engine:
    from carrel.engine.scripted import ScriptedEngine

    return ScriptedEngine()
