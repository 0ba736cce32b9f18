"""Quantized checkpoints: what they state, and whether it is supported.

Without its own statement such a checkpoint loads without an error, and answers garbage. GPTQ and
AWQ are not handled here: ``packed_models`` unpacks them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from carrel.core.errors import ModelLoadFailed
from carrel.engine.loading.tensor_headers import TensorHeader, tensor_headers
from carrel.engine.source import first_line
from carrel.engine.spec import ModelSpec

SUPPORTED = "awq, bitsandbytes, fp8, gptq, mxfp4"
INSTEAD = (
    f"Loaded are {SUPPORTED}: take one of these forms, plain weights with --load_4bit, or a GGUF "
    "file of the model."
)
UNPACKED = ("fp8", "mxfp8", "mxfp4", "metal")
"""Methods whose weights are unpacked while loading, on every device: to compute with the packed
ones, transformers would fetch kernels from the hub and run them."""

FP8 = ("fp8", "mxfp8")
STATEMENTS = ("quantization_config", "compression_config")
MODELOPT = "hf_quant_config.json"


@dataclass(frozen=True, slots=True)
class StoredQuantization:
    """Packing of a checkpoint: ``method`` as transformers names it, with all that it states."""

    method: str
    stated: Mapping[str, Any]

    @property
    def unpacks(self) -> bool:
        """Whether its weights are unpacked while loading."""
        return self.method in UNPACKED

    @property
    def label(self) -> str:
        """The short name of the number format."""
        names = {"bitsandbytes_8bit": "int8"}
        if self.method == "bitsandbytes_4bit":
            return str(self.stated.get("bnb_4bit_quant_type", "fp4"))
        return names.get(self.method, self.method)


def stored_quantization(spec: ModelSpec, folder: Path, pickled: bool) -> StoredQuantization | None:
    """Return the packing of a checkpoint, None for plain weights.

    Raises:
        ModelLoadFailed: it is packed but does not say how, or in an unsupported place.
    """
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    stated = dict(_statements(config))
    # transformers reads the statement of the whole model, or that of its text model.
    own = stated.get("quantization_config", stated.get("text_config.quantization_config"))
    if own is None and stated:
        place, other = next(iter(stated.items()))
        raise _refused(spec, _method(other), f"it says so in {place} of config.json alone")
    if own is None and (algorithm := _modelopt(folder)) is not None:
        raise _refused(spec, f"modelopt ({algorithm})", f"it says so in {MODELOPT} alone")
    if own is None:
        if not pickled:
            _refuse_unstated(spec, folder)
        return None
    stored = StoredQuantization(_method(own), own)
    if stored.method in FP8 and not pickled:
        _refuse_unscaled(spec, folder, own)
    return stored


def refuse_unloadable(spec: ModelSpec, stored: StoredQuantization, placement: Any) -> None:
    """Refuse what transformers cannot load, before any weight is read.

    Raises:
        ModelLoadFailed: the method is unknown, its package or device is missing, or the settings
        ask for another number of bits.
    """
    from transformers.quantizers.auto import AUTO_QUANTIZER_MAPPING, AutoHfQuantizer

    if stored.method not in AUTO_QUANTIZER_MAPPING:
        raise _refused(spec, stored.method, "that is not supported")
    for flag, wanted in (("load_4bit", "bitsandbytes_4bit"), ("load_8bit", "bitsandbytes_8bit")):
        if getattr(spec, flag) and stored.method != wanted:
            raise ModelLoadFailed(
                f"Model {spec.name} is published in few bits already ({stored.label}), and cannot "
                f"be quantized again: remove --{flag}, or use its plain weights."
            )
    try:
        quantizer = AutoHfQuantizer.from_config(unpacking(stored), pre_quantized=True)
        quantizer.validate_environment(device_map=placement, weights_only=True)
    # Each method has its own way to say that something is missing.
    except Exception as error:
        raise _refused(spec, stored.method, first_line(error)) from error
    # transformers assumes that this package is installed.
    if stored.method == "sinq" and find_spec("sinq") is None:
        raise _refused(spec, stored.method, "it needs the package sinq, which is not installed")


def unpacking(stored: StoredQuantization) -> dict[str, Any]:
    """Return the statement with which transformers loads the checkpoint."""
    return {**stored.stated, "dequantize": True} if stored.unpacks else dict(stored.stated)


def state_unpacking(config: Any, stored: StoredQuantization) -> None:
    """Set in a loaded configuration that the weights are to be unpacked."""
    config.quantization_config = unpacking(stored)


def in_one_format(model: Any, dtype: torch.dtype) -> None:
    """Convert all weights to one format: beside unpacked ones the others keep theirs."""
    for weight in model.parameters():
        if weight.dtype is torch.bfloat16 and dtype is not torch.bfloat16:
            weight.data = weight.data.to(dtype)


def _refused(spec: ModelSpec, method: str, reason: str) -> ModelLoadFailed:
    return ModelLoadFailed(
        f"Model {spec.name} is quantized as {method}, which cannot be loaded: {reason}. {INSTEAD}"
    )


def _method(stated: Mapping[str, Any]) -> str:
    for flag in ("load_in_4bit", "load_in_8bit"):
        if stated.get(flag) or stated.get(f"_{flag}"):
            return f"bitsandbytes_{flag.removeprefix('load_in_')}"
    return str(stated.get("quant_method") or "a method without a name")


def _statements(config: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what a configuration and its parts state, by place, the outermost first."""
    for name, value in config.items():
        if isinstance(value, dict) and value and name in STATEMENTS:
            yield path + name, value
    for name, value in config.items():
        if isinstance(value, dict) and name not in STATEMENTS:
            yield from _statements(value, f"{path}{name}.")


def _modelopt(folder: Path) -> str | None:
    """Return ModelOpt's separate statement about the weights, if there is one."""
    if not (folder / MODELOPT).is_file():
        return None
    written = json.loads((folder / MODELOPT).read_text(encoding="utf-8"))
    algorithm = written.get("quantization", {}).get("quant_algo")
    return None if algorithm is None else str(algorithm)


def _refuse_unstated(spec: ModelSpec, folder: Path) -> None:
    for each in tensor_headers(folder):
        few_bits = each.format.startswith(("F8", "F6", "F4"))
        whole = not each.is_plain and each.name.endswith("weight")
        if len(each.shape) > 1 and (few_bits or whole):
            raise _refused(
                spec,
                each.format,
                f"its config.json does not say how {each.name} is quantized",
            )


def _refuse_unscaled(spec: ModelSpec, folder: Path, stated: Mapping[str, Any]) -> None:
    """Refuse 8-bit weights without a scale, or with blocks that do not divide them.

    transformers takes the former for the weights themselves, and blocks to be of another size in
    some of the latter.
    """
    headers = {each.name: each for each in tensor_headers(folder)}
    for each in headers.values():
        if not each.format.startswith("F8_E4M3") and not each.format.startswith("F8_E5M2"):
            continue
        if len(each.shape) < 2:
            continue
        scale = _scale(headers, each.name)
        if scale is None:
            raise _refused(spec, "fp8", f"there is no scale for {each.name} in a supported form")
        blocks = stated.get("weight_block_size")
        if blocks and len(scale.shape) >= 2 and _is_uneven(each, scale, blocks):
            raise _refused(spec, "fp8", f"blocks of {blocks} do not divide {each.name}")


def _scale(headers: Mapping[str, TensorHeader], name: str) -> TensorHeader | None:
    layer = name.removesuffix(".weight")
    names = (f"{name}_scale_inv", f"{layer}.scale", f"{layer}.qscale_weight")
    return next((headers[each] for each in names if each in headers), None)


def _is_uneven(weight: TensorHeader, scale: TensorHeader, blocks: list[int]) -> bool:
    """Whether the last of several blocks is smaller than the others."""
    return any(
        count > 1 and size % block != 0 and math.ceil(size / block) == count
        for size, count, block in zip(weight.shape[-2:], scale.shape[-2:], blocks, strict=True)
    )
