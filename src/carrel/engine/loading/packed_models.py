"""Converts published GPTQ and AWQ checkpoints to plain safetensors folders, once.

The libraries that computed with the packed weights, AutoGPTQ and AutoAWQ, are no longer maintained,
and their successor needs CUDA, a compiler and a newer torch. Unpacked, such a model runs
everywhere, with its adapter and in the precision of the settings.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from carrel.core.errors import ModelLoadFailed
from carrel.engine.loading.conversion import (
    Conversion,
    cache_folder,
    converted,
    forget_older,
    record_sources,
)
from carrel.engine.loading.packed_weights import (
    PARTS,
    Packing,
    UnknownPacking,
    read_packing,
    unpacked,
)
from carrel.engine.source import first_line

INDEX = "model.safetensors.index.json"
CONFIGURATION = "config.json"
OLD_CONFIGURATION = "quantize_config.json"
PACKED = (".qweight", ".qzeros")


def packing_of(folder: Path) -> dict[str, Any] | None:
    """Return the quantization that a checkpoint states, or None for plain weights."""
    config = json.loads((folder / CONFIGURATION).read_text(encoding="utf-8"))
    stated = config.get("quantization_config")
    if stated is None and (folder / OLD_CONFIGURATION).is_file():
        stated = json.loads((folder / OLD_CONFIGURATION).read_text(encoding="utf-8"))
    return None if stated is None else dict(stated)


def unpacked_model(folder: Path, name: str, models_dir: Path) -> Path:
    """Return the folder of the plain model, or the given one if it is plain already.

    Raises:
        ModelLoadFailed: the packing is unknown.
        StorageFull: the disk is full.
    """
    stated = packing_of(folder)
    method = str((stated or {}).get("quant_method", "gptq")).lower()
    if stated is None or method not in ("gptq", "awq"):
        return folder
    # Other methods omit their names, too, and a leftover file says nothing about plain weights.
    unnamed = "quant_method" not in stated
    if unnamed and not any(name.endswith(".qweight") for name in _places(folder)):
        return folder
    try:
        packing = read_packing(stated)
    except UnknownPacking as error:
        raise ModelLoadFailed(
            f"Model {name} is quantized as {error}, which cannot be unpacked here: take a "
            "checkpoint in plain weights with --load_4bit, or a GGUF file of the model."
        ) from error
    sources = [folder / CONFIGURATION, *shards(folder)]
    size = sum(source.stat().st_size for source in sources)
    own = name.rsplit("/", 1)[-1]
    target = cache_folder(models_dir, own, sources)
    # Numbers of ``bits`` become weights of 16 bits; embeddings have 16 already.
    plain_size = size * 16 // packing.bits
    write = partial(write_plain, folder, packing)
    plain = converted(target, Conversion(f"The unpacked form of {own}", plain_size, write))
    forget_older(target, sources)
    return plain


def shards(folder: Path) -> list[Path]:
    """Return the safetensors files of a model."""
    if not (folder / INDEX).is_file():
        return [folder / "model.safetensors"]
    index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    return [folder / name for name in sorted(set(index["weight_map"].values()))]


class DamagedFile(Exception):
    """A file of weights that cannot be read; the message is appended to the model's name."""


@contextmanager
def opened(shard: Path) -> Iterator[Any]:
    """Open a safetensors file.

    Raises:
        DamagedFile: it cannot be read; the message names it.
    """
    try:
        with safe_open(shard, "pt") as file:
            yield file
    except SafetensorError as error:
        raise DamagedFile(
            f"its file {shard.name} is damaged or cut off ({first_line(error)}): get it again."
        ) from error


def write_plain(folder: Path, packing: Packing, target: Path) -> None:
    """Write the model with plain weights, one file for each of the given ones."""
    config = json.loads((folder / CONFIGURATION).read_text(encoding="utf-8"))
    config.pop("quantization_config", None)
    dtype = getattr(torch, str(config.get("dtype") or config.get("torch_dtype") or "float16"))
    place = _places(folder)
    for other in folder.iterdir():
        if other.suffix in (".json", ".jinja", ".model", ".txt", ".tiktoken", ".py"):
            shutil.copyfile(other, target / other.name)
    for stale in (INDEX, OLD_CONFIGURATION):
        (target / stale).unlink(missing_ok=True)
    (target / CONFIGURATION).write_text(json.dumps(config, indent=2), encoding="utf-8")
    weight_map: dict[str, str] = {}
    for shard in shards(folder):
        tensors = _plain_tensors(folder, shard, place, packing, dtype)
        save_file(tensors, target / shard.name, metadata={"format": "pt"})
        weight_map |= dict.fromkeys(tensors, shard.name)
    if set(weight_map.values()) != {"model.safetensors"}:
        index = {"metadata": {}, "weight_map": weight_map}
        (target / INDEX).write_text(json.dumps(index), encoding="utf-8")
    record_sources(target, [folder / CONFIGURATION, *shards(folder)])


def _places(folder: Path) -> dict[str, Path]:
    """Return the file of each tensor: a layer's parts may be in two files."""
    place: dict[str, Path] = {}
    for shard in shards(folder):
        with opened(shard) as file:
            place |= dict.fromkeys(file.keys(), shard)
    return place


def _plain_tensors(
    folder: Path, shard: Path, place: dict[str, Path], packing: Packing, dtype: torch.dtype
) -> dict[str, torch.Tensor]:
    """Return the tensors of a file, with packed layers unpacked."""
    tensors: dict[str, torch.Tensor] = {}
    for name in (name for name, file in place.items() if file == shard):
        layer, _, part = name.rpartition(".")
        if f"{layer}.qweight" not in place or part not in PARTS:
            tensors[name] = _read(shard, name)
        elif part == "qweight":
            parts = {p: f"{layer}.{p}" for p in PARTS if f"{layer}.{p}" in place}
            packed = {p: _read(place[full], full) for p, full in parts.items()}
            tensors[f"{layer}.weight"] = unpacked(packed, packing).to(dtype)
    return tensors


def _read(shard: Path, name: str) -> torch.Tensor:
    with opened(shard) as file:
        tensor: torch.Tensor = file.get_tensor(name)
    return tensor
