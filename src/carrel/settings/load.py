"""Resolves each setting: defaults < YAML file < environment < command line.

This is the one file that reads the environment.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from carrel.core.errors import InvalidSetting, PathNotFound, UnknownSetting
from carrel.settings.names import nearest_hint
from carrel.settings.schema import Settings, setting_sections

ENVIRONMENT_PREFIX = "CARREL_"
CONFIG_VARIABLE = "CARREL_CONFIG"
DEFAULT_ORIGIN = "default"


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """The effective settings, and the origin of each value, by the setting's name."""

    settings: Settings
    origins: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Layer:
    """Raw values of one source: setting's name -> (value, origin)."""

    values: Mapping[str, tuple[Any, str]]


def _require_known(name: str, where: str, shown: str | None = None) -> None:
    known = list(setting_sections())
    if name not in known:
        raise UnknownSetting(
            f"Unknown setting {shown or name} in {where}.{nearest_hint(name, known)}"
        )


def environment_layer(environment: Mapping[str, str]) -> Layer:
    """Read the ``CARREL_...`` variables.

    Raises:
        UnknownSetting: a variable with that prefix names no setting.
    """
    values: dict[str, tuple[Any, str]] = {}
    for variable, value in environment.items():
        if not variable.startswith(ENVIRONMENT_PREFIX) or variable == CONFIG_VARIABLE:
            continue
        name = variable.removeprefix(ENVIRONMENT_PREFIX).lower()
        _require_known(name, "the environment", variable)
        values[name] = (value, f"environment {variable}")
    return Layer(values)


def yaml_layer(path: Path) -> Layer:
    """Read a YAML file of sections.

    Raises:
        PathNotFound: there is no such file.
        UnknownSetting: a section or key that does not exist, or in the wrong section.
        InvalidSetting: the file is not YAML of that shape.
    """
    if not path.is_file():
        raise PathNotFound(f"The configuration file {path} does not exist.")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise InvalidSetting(
            f"The configuration file {path} is not valid YAML: {reason}"
        ) from error
    if content is None:
        return Layer({})
    if not isinstance(content, dict):
        raise InvalidSetting(f"The configuration file {path} must hold sections, such as 'model:'.")
    sections = setting_sections()
    values: dict[str, tuple[Any, str]] = {}
    for section, keys in content.items():
        if section not in Settings.model_fields:
            hint = nearest_hint(str(section), list(Settings.model_fields))
            raise UnknownSetting(f"Unknown section {section} in {path}.{hint}")
        if not isinstance(keys, dict):
            raise InvalidSetting(f"Section {section} in {path} must hold 'name: value' lines.")
        for name, value in keys.items():
            if sections.get(name) != section:
                of_section = [known for known, its in sections.items() if its == section]
                raise UnknownSetting(
                    f"Unknown setting {section}.{name} in {path}."
                    f"{nearest_hint(str(name), of_section)}"
                )
            values[name] = (value, f"file {path}")
    return Layer(values)


def command_line_layer(flags: Mapping[str, str]) -> Layer:
    """Take the parsed ``--name=value`` flags.

    Raises:
        UnknownSetting: a flag names no setting.
    """
    for name in flags:
        _require_known(name, "the command line", f"--{name}")
    return Layer({name: (value, f"command line --{name}") for name, value in flags.items()})


class _LayerSource(PydanticBaseSettingsSource):
    """Passes one layer to pydantic-settings, nested by section."""

    def __init__(self, settings_class: type[BaseSettings], layer: Layer) -> None:
        super().__init__(settings_class)
        self._layer = layer

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        sections = setting_sections()
        values = {
            name: value
            for name, (value, _) in self._layer.values.items()
            if sections[name] == field_name
        }
        return values or None, field_name, False

    def __call__(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, field in self.settings_cls.model_fields.items():
            value, key, _ = self.get_field_value(field, name)
            if value is not None:
                found[key] = value
        return found


def _describe(error: ValidationError, origins: Mapping[str, str]) -> str:
    """Return one line for the first error of a validation."""
    first = error.errors(include_url=False, include_input=True)[0]
    location = [str(part) for part in first["loc"]]
    message = first["msg"].removeprefix("Value error, ")
    if len(location) < 2:
        return f"{message}."
    name = ".".join(location[1:])
    origin = origins.get(location[1], DEFAULT_ORIGIN)
    return f"{name} = {first['input']!r} ({origin}) is not valid: {message}."


def load_settings(
    flags: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    config: Path | None = None,
) -> LoadedSettings:
    """Merge all layers and validate once.

    ``environment`` defaults to the process's own; ``config`` to the file that ``CARREL_CONFIG``
    names.

    Raises:
        UnknownSetting: a name that does not exist, with the nearest one that does.
        InvalidSetting: a value out of bounds, with its origin.
        PathNotFound: the configuration file does not exist.
    """
    environment = os.environ if environment is None else environment
    if config is None and environment.get(CONFIG_VARIABLE):
        config = Path(environment[CONFIG_VARIABLE])
    layers = [
        command_line_layer(flags or {}),
        environment_layer(environment),
        yaml_layer(config) if config else Layer({}),
    ]
    origins = dict.fromkeys(setting_sections(), DEFAULT_ORIGIN)
    for layer in reversed(layers):
        origins.update({name: where for name, (_, where) in layer.values.items()})

    class LayeredSettings(Settings):
        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], *_: Any, **__: Any
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return tuple(_LayerSource(settings_cls, layer) for layer in layers)

    try:
        return LoadedSettings(LayeredSettings(), origins)
    except ValidationError as error:
        raise InvalidSetting(_describe(error, origins)) from error
