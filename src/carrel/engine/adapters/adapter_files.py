"""Validation of a LoRA adapter's files."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carrel.core.errors import ModelLoadFailed

if TYPE_CHECKING:
    from peft import LoraConfig

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
PICKLED_WEIGHTS = "adapter_model.bin"

HONOURED = frozenset(
    {
        *("task_type", "peft_type", "auto_mapping", "peft_version", "revision"),
        *("base_model_name_or_path", "inference_mode", "r", "lora_alpha", "lora_dropout"),
        *("target_modules", "exclude_modules", "modules_to_save", "fan_in_fan_out"),
        *("layers_to_transform", "layers_pattern", "rank_pattern", "alpha_pattern"),
        *("use_rslora", "use_dora", "lora_bias", "ensure_weight_tying", "init_lora_weights"),
        # Each of these refines an option that is checked separately.
        *("megatron_core", "qalora_group_size", "loftq_config", "eva_config", "runtime_config"),
    }
)
"""Options that may be set. The others change the base's own weights, which are shared with other
adapters, or cannot be computed for one row of a batch."""

KEEPS_BASE = (True, False, None, "gaussian", "eva", "orthogonal")
"""Initialisations that leave the base unchanged; PiSSA, OLoRA and others do not."""

FAMILIES = ("llama", "mistral", "qwen", "gemma")
"""Architectures whose modules have the same names and, in some sizes, the same shapes."""


def read_config(folder: Path, allow_pickle: bool) -> LoraConfig:
    """Return the configuration of an adapter that can share its base.

    Raises:
        ModelLoadFailed: it is no LoRA adapter, has an unsupported option, or has its weights only
        as a pickle file.
    """
    from peft import LoraConfig

    raw = _raw_config(folder)
    if raw.get("peft_type") != "LORA":
        raise ModelLoadFailed(
            f"The adapter {folder.name} is of type {raw.get('peft_type')}: only LORA is supported."
        )
    known = {each.name for each in fields(LoraConfig)}
    config = LoraConfig(**{name: value for name, value in raw.items() if name in known})
    plain = LoraConfig(peft_type="LORA")
    asked = [
        name
        for name, value in raw.items()
        if name not in HONOURED and value and value != getattr(plain, name, None)
    ]
    if config.init_lora_weights not in KEEPS_BASE:
        asked.append("init_lora_weights")
    if asked:
        option = asked[0]
        raise ModelLoadFailed(
            f"The adapter {folder.name} has {option}={raw[option]!r}, which cannot be combined "
            "with a base that others use: merge the adapter into its base, and load the result."
        )
    _require_weights(folder, allow_pickle)
    config.inference_mode = True
    return config


def refuse_other_family(config: LoraConfig, base_name: str, model_type: str, adapter: str) -> None:
    """Refuse an adapter recorded for a base of another architecture, even if the shapes agree.

    Only the architecture is compared: folders are moved, and models have several names.

    Raises:
        ModelLoadFailed: with both names.
    """
    recorded = str(config.base_model_name_or_path or "")
    written = Path(recorded) / "config.json"
    last = recorded.rstrip("/").rpartition("/")[2].lower()
    if written.is_file():
        theirs = {str(json.loads(written.read_text(encoding="utf-8")).get("model_type"))}
        ours = {model_type}
    else:
        theirs = {each for each in FAMILIES if each in last}
        ours = {each for each in FAMILIES if each in f"{base_name} {model_type}".lower()}
    if theirs and ours and theirs.isdisjoint(ours):
        raise ModelLoadFailed(
            f"The adapter {adapter} does not fit the model {base_name}: it was made for "
            f"{recorded}, and this base is of type {model_type}. If it fits all the same, correct "
            f"base_model_name_or_path in its {CONFIG}."
        )


def _raw_config(folder: Path) -> dict[str, Any]:
    try:
        raw = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelLoadFailed(
            f"The adapter {folder.name} cannot be loaded: its {CONFIG} is missing or damaged."
        ) from error
    if not isinstance(raw, dict):
        raise ModelLoadFailed(f"The adapter {folder.name} cannot be loaded: {CONFIG} is no object.")
    return raw


def _require_weights(folder: Path, allow_pickle: bool) -> None:
    if (folder / WEIGHTS).is_file() or (allow_pickle and (folder / PICKLED_WEIGHTS).is_file()):
        return
    raise ModelLoadFailed(f"The adapter {folder.name} has no {WEIGHTS}.")
