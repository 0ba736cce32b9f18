"""Builds the model loaders from the settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from carrel.core.errors import AccessDenied, InvalidRequest, InvalidSetting
from carrel.core.models import ModelRequest
from carrel.core.protocols.adapters import Engine
from carrel.core.runtime.library_imports import library_imports
from carrel.core.runtime.own_thread import in_own_thread
from carrel.engine.llamacpp.library import is_installed
from carrel.engine.loaders import Loader, NamedLoader, Planner, Wanted, shared
from carrel.engine.loading.bundled import require_bundled
from carrel.engine.remote.inference_server import host_of, parse_inference_server
from carrel.engine.source import find_adapter
from carrel.engine.spec import ModelSpec, ServingLimits, own_name
from carrel.settings.document_settings import BUNDLED
from carrel.settings.schema import EngineKind, ModelLockEntry, ModelSettings, PromptType, Settings


def model_loaders(settings: Settings) -> list[Loader]:
    """Return a loader for each model of the settings, the default one first.

    Nothing is loaded or connected to yet.

    Raises:
        InvalidSetting: the settings contradict each other.
    """
    model = settings.model
    if model.engine is EngineKind.SCRIPTED:
        return [NamedLoader("scripted", _scripted)]
    entries = model.model_lock or (ModelLockEntry(base_model=model.base_model),)
    wanted = [_wanted(settings, _merged(model, entry), entry.name) for entry in entries]
    return shared(wanted, ())


def score_spec(settings: Settings) -> ModelSpec | None:
    """Return how to load the score model; None if none is set.

    It uses the device settings of the other models, but not their adapter, precision or prompt.
    """
    if settings.model.score_model is None:
        return None
    plain = ModelSettings(
        base_model=settings.model.score_model,
        device=settings.model.device,
        use_gpu_id=settings.model.use_gpu_id,
        gpu_id=settings.model.gpu_id,
        trust_remote_code=settings.model.trust_remote_code,
        allow_pickle=settings.model.allow_pickle,
    )
    return _spec(settings, plain)


def model_planner(settings: Settings) -> Planner:
    """Return a factory of loaders for requests at run time, with these settings."""

    def plan(request: ModelRequest, in_service: Sequence[NamedLoader]) -> list[Loader]:
        entry = _entry(request)
        if request.trust_remote_code and not settings.model.trust_remote_code:
            raise AccessDenied(
                "trust_remote_code can only be switched on when the server is started: "
                "start it with --trust_remote_code=True."
            )
        if settings.model.engine is EngineKind.SCRIPTED:
            name = request.name or request.base_model
            return [NamedLoader(name, partial(_scripted, name))]
        model = _defaults(settings.model, request)
        for base in in_service:
            if base.name == request.base_model and isinstance(base.spec, ModelSpec):
                model = _as_loaded(model, base.spec)
                entry = entry.model_copy(update={"base_model": base.spec.base_model})
        model = _merged(model, entry)
        if request.trust_remote_code is False:
            model = model.model_copy(update={"trust_remote_code": False})
        return shared([_wanted(settings, model, entry.name)], in_service)

    return plan


def _entry(request: ModelRequest) -> ModelLockEntry:
    given = {
        name: value
        for name in ModelLockEntry.model_fields
        if (value := getattr(request, name, None)) not in (None, ())
    }
    try:
        return ModelLockEntry(**given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(each) for each in first["loc"])
        raise InvalidRequest(f"'{place}': {first['msg']}.") from error


def _defaults(model: ModelSettings, request: ModelRequest) -> ModelSettings:
    """Return the defaults of a request."""
    local = model.engine is not EngineKind.REMOTE and request.inference_server is None
    engine = model.engine if local else EngineKind.AUTO
    return model.model_copy(update={"lora_weights": (), "inference_server": None, "engine": engine})


def _as_loaded(model: ModelSettings, spec: ModelSpec) -> ModelSettings:
    """Return settings that load a base again as it was loaded."""
    names = set(ModelSettings.model_fields) - {"lora_weights"}
    given = {name: getattr(spec, name) for name in names if hasattr(spec, name)}
    return model.model_copy(update=given)


def _merged(model: ModelSettings, entry: ModelLockEntry) -> ModelSettings:
    """Apply an entry of ``model_lock`` to the model settings.

    Its precision and its prompt form replace theirs.
    """
    given = {name: value for name, value in entry.model_dump().items() if value is not None}
    given.pop("name", None)
    if given.get("load_4bit") or given.get("load_8bit"):
        given = {"load_4bit": False, "load_8bit": False, **given}
    if given.get("prompt_type"):
        given = {"prompt_template": None, **given}
    if given.get("prompt_template"):
        given = {"prompt_type": PromptType.TEMPLATE, **given}
    merged = model.model_copy(update=given)
    if merged.load_4bit and merged.load_8bit:
        raise InvalidSetting("load_8bit and load_4bit exclude each other: set one of them.")
    return merged


def _wanted(settings: Settings, model: ModelSettings, name: str | None) -> Wanted:
    if model.inference_server is not None:
        if name is not None:
            raise InvalidSetting("A model of an inference_server cannot be renamed.")
        return Wanted(_remote_loader(settings, model))
    if model.engine is EngineKind.REMOTE:
        raise InvalidSetting("engine is 'remote', but inference_server names no server.")
    spec, limits = _spec(settings, model), _limits(model)
    engine = EngineKind.LLAMACPP if _is_for_llamacpp(model) else model.engine
    if not model.lora_weights:
        named = replace(spec, served_name=name)
        return Wanted(NamedLoader(named.name, partial(_local, named, engine, limits), spec))
    base = NamedLoader(spec.name, partial(_local, spec, engine, limits), spec)
    if name is not None and len(model.lora_weights) > 1:
        raise InvalidSetting(
            f"name is {name} for several lora_weights: give each its own as NAME=PATH."
        )
    adapters = [_adapter(each, base.name, name) for each in model.lora_weights]
    return Wanted(
        base, tuple((each, partial(find_adapter, path, spec.offline)) for each, path in adapters)
    )


def _adapter(value: str, base: str, name: str | None) -> tuple[str, str]:
    """Return name and path of an adapter from ``NAME=PATH``, or from a path or hub id alone."""
    own, equals, path = value.partition("=")
    if equals and not Path(value).expanduser().exists():
        if not own or not path:
            raise InvalidSetting(f"lora_weights is {value!r}: write PATH or NAME=PATH.")
        return own, path
    return name or f"{base}+{own_name(value)}", value


def _remote_loader(settings: Settings, model: ModelSettings) -> NamedLoader:
    if model.engine not in (EngineKind.AUTO, EngineKind.REMOTE):
        raise InvalidSetting(
            f"engine is '{model.engine}', but inference_server is set: remove one of them."
        )
    if model.lora_weights:
        raise InvalidSetting(
            "lora_weights is set, but the model runs on the inference_server: load it there."
        )
    assert model.inference_server is not None
    base_url = parse_inference_server(model.inference_server)
    named = None if model.base_model == BUNDLED else model.base_model
    key = model.inference_server_api_key
    load = partial(
        _remote, base_url, named, key.get_secret_value() if key else None, settings.server.offline
    )
    return NamedLoader(named or base_url, load, host=host_of(base_url))


def _is_for_llamacpp(model: ModelSettings) -> bool:
    """Whether llama.cpp runs the model: by name, or by default for a plain GGUF file.

    It is the default there because the weights stay as small as in the file.
    """
    if model.engine is not EngineKind.AUTO:
        return model.engine is EngineKind.LLAMACPP
    changed = model.lora_weights or model.load_8bit or model.load_4bit or model.dtype != "auto"
    return model.base_model.endswith(".gguf") and not changed and is_installed()


def _spec(settings: Settings, model: ModelSettings) -> ModelSpec:
    return ModelSpec(
        base_model=model.base_model,
        load_8bit=model.load_8bit,
        load_4bit=model.load_4bit,
        dtype=model.dtype,
        device=model.device,
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


def _limits(model: ModelSettings) -> ServingLimits:
    return ServingLimits(model.max_batch, model.max_waiting, model.cache_memory)


# The engines are imported when they are loaded, in the pool's thread: torch and transformers take
# seconds, and the scripted and the remote engine need neither.


def _local(spec: ModelSpec, kind: EngineKind, limits: ServingLimits) -> Engine:
    if kind is EngineKind.LLAMACPP:
        with library_imports():
            from carrel.engine.llamacpp.engine import load_engine

        return load_engine(spec, limits)
    if spec.base_model == BUNDLED:
        # A first start without it ends with its line at once, not after the imports.
        require_bundled(spec.models_dir)
    with library_imports():
        from carrel.engine.choose import serve_loaded
        from carrel.engine.loading.loader import load

    # Conversion and self-check compute; the pool's thread would keep OpenMP workers forever.
    return in_own_thread(lambda: serve_loaded(load(spec), kind, limits), "load model")


def _remote(base_url: str, model: str | None, api_key: str | None, offline: bool) -> Engine:
    from carrel.engine.remote.engine import RemoteEngine

    return RemoteEngine(base_url, model, api_key, offline=offline)


def _scripted(name: str = "scripted") -> Engine:
    from carrel.engine.scripted import ScriptedEngine

    return ScriptedEngine(name=name)
