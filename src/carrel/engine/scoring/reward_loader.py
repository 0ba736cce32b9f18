"""Loads a reward model with transformers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog
import torch
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
)
from transformers.utils.logging import disable_progress_bar

from carrel.core.errors import CarrelError, ModelLoadFailed
from carrel.engine.loading.loader import context_length
from carrel.engine.loading.placement import device_map, use_all_cores
from carrel.engine.loading.stored_quantization import (
    refuse_unloadable,
    state_unpacking,
    stored_quantization,
)
from carrel.engine.loading.whole_weights import refuse_incomplete, refused_unmergeable
from carrel.engine.scoring.reward_input import RewardInput
from carrel.engine.source import ModelFiles, find_model, first_line
from carrel.engine.spec import ModelSpec

logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class LoadedReward:
    """A sequence classification model with one output, untyped upstream, and its encoder."""

    model: Any
    inputs: RewardInput


def load_reward(spec: ModelSpec) -> LoadedReward:
    """Find and load a reward model.

    Raises:
        ModelNotFound: nothing by that name; the message lists the places that were tried.
        ModelLoadFailed: it was found but is no reward model, or cannot be loaded.
        StorageFull: the disk is full.
    """
    files = find_model(spec.base_model, spec.offline, spec.allow_pickle)
    disable_progress_bar()  # type: ignore[no-untyped-call]
    use_all_cores()
    try:
        loaded = _load_files(spec, files)
    except CarrelError:
        raise
    # As for the generative models: reading the files of any architecture can raise anything.
    except Exception as error:
        raise ModelLoadFailed(
            f"Score model {spec.name} cannot be loaded: {first_line(error)}."
        ) from error
    logger.info("score model loaded", model=spec.name, device=str(loaded.model.device))
    return loaded


def _load_files(spec: ModelSpec, files: ModelFiles) -> LoadedReward:
    if files.gguf_file is not None:
        raise ModelLoadFailed(f"Score model {spec.name} is a .gguf file: name a folder or hub id.")
    common: dict[str, Any] = {
        "trust_remote_code": spec.trust_remote_code,
        "local_files_only": True,
    }
    config = AutoConfig.from_pretrained(files.folder, **common)
    if config.num_labels != 1:
        raise ModelLoadFailed(
            f"Score model {spec.name} gives {config.num_labels} numbers for an answer, and a "
            "reward model gives one: choose another."
        )
    tokenizer = AutoTokenizer.from_pretrained(files.folder, **common)
    model = _model(spec, files, config, common)
    limit = min(context_length(config, tokenizer), int(tokenizer.model_max_length))
    return LoadedReward(model.eval(), RewardInput(tokenizer, limit))


def _model(spec: ModelSpec, files: ModelFiles, config: Any, common: dict[str, Any]) -> Any:
    placed = device_map(spec)
    stored = stored_quantization(spec, files.folder, files.pickled)
    if stored is not None:
        refuse_unloadable(spec, stored, placed)
        if stored.unpacks:
            state_unpacking(config, stored)
    with refused_unmergeable(f"Score model {spec.name}", files.folder):
        model, found = AutoModelForSequenceClassification.from_pretrained(
            files.folder,
            config=config,
            dtype="auto",
            device_map=placed,
            use_safetensors=None if spec.allow_pickle else True,
            output_loading_info=True,
            ignore_mismatched_sizes=True,
            **common,
        )
    if missing := sorted(found["missing_keys"]):
        raise ModelLoadFailed(
            f"Score model {spec.name} has no weights for {missing[0]}: it was not trained to score."
        )
    refuse_incomplete(f"Score model {spec.name}", files.folder, model, found)
    if placed is None and model.dtype is torch.float16:
        model = model.float()  # processors lack float16 for some layers, and are slow in it
    model.config.use_cache = False  # nothing is generated: a cache would only take memory
    return model
