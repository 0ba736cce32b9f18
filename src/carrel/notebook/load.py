"""Implementation of ``carrel.load``."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from typing import Any

import structlog

from carrel.core.chat import SamplingParams
from carrel.core.errors import InvalidSetting, UnknownSetting
from carrel.engine.build import model_loaders
from carrel.engine.pool import ModelPool
from carrel.notebook.model import Model
from carrel.settings.load import load_settings
from carrel.settings.names import nearest_hint
from carrel.settings.process_environment import prepare_environment
from carrel.settings.schema import Settings, setting_sections

SECTIONS = ("model", "generation")
FURTHER = ("offline", "models_dir", "device_map")
SERVER_ONLY = ("base_model", "model_lock", "score_model", "score_seconds")
"""Settings that have no meaning here: the first argument, several models, the server."""


def load_model(base_model: str, options: Mapping[str, Any]) -> Model:
    """Load a model with the server's loader and engine; see ``carrel.load``."""
    settings = settings_of(base_model, options)
    _show_warnings_alone()
    prepare_environment(offline=False)  # only this model: the process may load others
    pool = ModelPool(model_loaders(settings))
    pool.wait_until_ready()
    generation = settings.generation
    defaults = SamplingParams(
        max_new_tokens=generation.max_new_tokens,
        temperature=generation.temperature,
        top_p=generation.top_p,
        repetition_penalty=generation.repetition_penalty,
    )
    return Model(pool, defaults, generation.system_prompt)


def known_options() -> list[str]:
    """Return the names of the options, in the settings' order."""
    of_sections = [name for name, section in setting_sections().items() if section in SECTIONS]
    return [name for name in of_sections if name not in SERVER_ONLY] + list(FURTHER)


def settings_of(base_model: str, options: Mapping[str, Any]) -> Settings:
    """Return the settings, as the same command line flags would.

    Raises:
        UnknownSetting: an option that does not exist, with the nearest one that does.
        InvalidSetting: a value out of bounds, or two that contradict each other.
    """
    known = known_options()
    for name in options:
        if name not in known:
            raise UnknownSetting(f"carrel.load has no option {name}.{nearest_hint(name, known)}")
    given = {name: value for name, value in options.items() if value is not None}
    device_map = given.pop("device_map", None)
    if device_map not in (None, "auto"):
        raise InvalidSetting(
            f"device_map = {device_map!r} is not valid: 'auto' shards the model over all GPUs, and "
            "without it the model goes to one (gpu_id)."
        )
    if device_map == "auto":
        if given.get("use_gpu_id"):
            raise InvalidSetting("device_map='auto' and use_gpu_id=True exclude each other.")
        given["use_gpu_id"] = False
    flags = {name: _flag(value) for name, value in given.items()}
    return load_settings({**flags, "base_model": str(base_model), "model_lock": "[]"}).settings


def _flag(value: Any) -> str:
    """Return a value as the command line writes it; a dtype of torch is called torch.bfloat16."""
    if isinstance(value, list | tuple):
        return ",".join(_flag(each) for each in value)
    return str(value).removeprefix("torch.")


def _show_warnings_alone() -> None:
    """Silence the log below warnings, unless the program has configured logging."""
    if not structlog.is_configured():
        structlog.configure(
            wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
            # Looked up each time: a notebook replaces the stream for each cell.
            logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        )
