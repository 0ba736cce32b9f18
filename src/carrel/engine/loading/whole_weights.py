"""Checks that all weights of a model were loaded and no file was ignored."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog

from carrel.core.errors import ModelLoadFailed
from carrel.engine.loading.packed_models import opened, shards

MOST_NAMED = 3
HARMLESS = ("k_scale", "v_scale", "q_scale", "k_cache_scale", "v_cache_scale")
"""Parts of a layer that are for 8-bit caches only."""

ROUNDED = ("Linear4bit", "Linear8bitLt")
"""The layers of bitsandbytes."""

NOT_MERGED = "conversion of the weights"
"""Part of the error that transformers raises if stored weights cannot be merged."""

logger = structlog.get_logger()


@contextmanager
def refused_unmergeable(title: str, folder: Path) -> Iterator[None]:
    """Refuse files whose experts cannot be merged because one is missing or has another shape.

    Raises:
        ModelLoadFailed: with the first names and their number.
    """
    try:
        yield
    except RuntimeError as error:
        if NOT_MERGED not in str(error):
            raise
        names = _unlike(folder)
        which = f" ({_named(names)})" if names else ""
        raise ModelLoadFailed(
            f"{title} has weights that cannot be merged{which}: some are missing, or have another "
            "shape than the others. Get the files of one version again."
        ) from error


def _unlike(folder: Path) -> list[str]:
    """Return the weights of experts that are missing or of another shape than the others'."""
    shapes: dict[tuple[str, str], dict[int, tuple[int, ...]]] = defaultdict(dict)
    for shard in filter(Path.is_file, shards(folder)):
        with opened(shard) as file:
            for name in file.keys():  # noqa: SIM118  no mapping
                parts = name.split(".")
                # The numbers are those of the layer and of the expert.
                places = [place for place, part in enumerate(parts) if part.isdigit()]
                if len(places) > 1:
                    last = places[-1]
                    group = ".".join(parts[:last]), ".".join(parts[last + 1 :])
                    shapes[group][int(parts[last])] = tuple(file.get_slice(name).get_shape())
    numbers: dict[str, set[int]] = defaultdict(set)
    for (layer, _), known in shapes.items():
        numbers[layer] |= known.keys()
    unlike = []
    for (layer, what), known in sorted(shapes.items()):
        usual, _ = Counter(known.values()).most_common(1)[0]
        odd = [number for number in sorted(numbers[layer]) if known.get(number) != usual]
        unlike += [f"{layer}.{number}.{what}" for number in odd]
    return unlike


def refuse_incomplete(title: str, folder: Path, model: Any, found: Mapping[str, Any]) -> None:
    """Refuse a model whose files lack weights, which transformers would initialise randomly.

    ``title`` is the model's name in messages, ``found`` the loading info of ``from_pretrained``.

    Raises:
        ModelLoadFailed: with the first names and their number.
    """
    if missing := sorted(found["missing_keys"]):
        raise ModelLoadFailed(
            f"{title} has no weights for {_named(missing)}: its files are incomplete, or not those "
            f"of a {model.config.model_type} model. Get them again, or correct its config.json."
        )
    if mismatched := sorted([*found["mismatched_keys"], *_misshapen(model)]):
        name, stored, wanted = mismatched[0]
        raise ModelLoadFailed(
            f"{title} has weights of another shape for {_named([each[0] for each in mismatched])}: "
            f"{name} is {tuple(stored)}, and its config.json says {tuple(wanted)}. "
            "Get the files of one version."
        )
    unexpected = found["unexpected_keys"]
    dropped = [key for key in _dropped(model, unexpected) if not _is_zero(folder, key)]
    if dropped:
        raise ModelLoadFailed(
            f"{title} has weights that a {model.config.model_type} model of its config.json leaves "
            f"out ({_named(dropped)}), and would answer wrongly without them: correct its "
            "config.json, or take the model in another form."
        )
    if unexpected:
        logger.warning("weights were left out", model=title, names=_named(sorted(unexpected)))


def _misshapen(model: Any) -> Iterator[tuple[str, tuple[int, ...], tuple[int, ...]]]:
    """Yield layers that were quantized from weights of another shape.

    transformers compares the shapes of plain weights only.
    """
    for name, module in model.named_modules():
        if type(module).__name__ in ROUNDED:
            weight = module.weight
            stored = tuple(getattr(weight, "quant_state", weight).shape)
            wanted = (module.out_features, module.in_features)
            if stored != wanted:
                yield f"{name}.weight", stored, wanted


def _dropped(model: Any, names: Iterable[str]) -> list[str]:
    """Return the biases, scales and zeros that belong to a layer which the model has."""
    modules = dict(model.named_modules())
    dropped = []
    for name in sorted(names):
        layer, _, part = name.rpartition(".")
        has_weight = getattr(modules.get(layer), "weight", None) is not None
        counts = part == "bias" or "scale" in part or "zero" in part
        if has_weight and counts and part not in HARMLESS:
            dropped.append(name)
    return dropped


def _is_zero(folder: Path, name: str) -> bool:
    """Whether a bias is all zeros: some conversions write such."""
    if not name.endswith(".bias"):
        return False
    for shard in shards(folder):
        if not shard.is_file():
            continue
        with opened(shard) as file:
            if name in file.keys():  # noqa: SIM118  no mapping
                return not bool(file.get_tensor(name).any())
    return False


def _named(names: Collection[str]) -> str:
    """Return the first names and how many there are."""
    first = ", ".join(list(names)[:MOST_NAMED])
    return first if len(names) <= MOST_NAMED else f"{first} and {len(names) - MOST_NAMED} more"
