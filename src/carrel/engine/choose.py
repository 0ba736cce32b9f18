"""Chooses the engine of a loaded model: batched if that is correct, else sequential."""

from __future__ import annotations

from dataclasses import replace

import structlog
import torch

from carrel.core.errors import ModelLoadFailed
from carrel.core.protocols.adapters import Engine
from carrel.engine.batching.batch_model import BatchModel
from carrel.engine.batching.batcher import BatchLimits
from carrel.engine.batching.continuous import ContinuousEngine
from carrel.engine.batching.self_check import Checked, check, check_adapter
from carrel.engine.loading.memory import GIB, free_memory
from carrel.engine.sequential import SequentialEngine
from carrel.engine.spec import LoadedModel, ServingLimits
from carrel.settings.schema import EngineKind

CACHE_SHARE = 2
"""Default share of free memory for keys and values."""

UNKNOWN_MEMORY = 4 * GIB
"""Assumed free memory if the system does not report it."""

PROMPT_TOKENS = {"cpu": 256, "cuda": 2048}
"""Prompt tokens between two tokens of running answers, by device: about a quarter of a second of a
small model on two cores."""

logger = structlog.get_logger()


def serve_loaded(loaded: LoadedModel, kind: EngineKind, limits: ServingLimits) -> Engine:
    """Return the engine for a model of this process.

    ``auto`` batches what can be batched; ``continuous`` insists on it.

    Raises:
        ModelLoadFailed: ``continuous`` is set for a model that cannot be batched.
    """
    if kind is EngineKind.SEQUENTIAL:
        return SequentialEngine(loaded)
    model = BatchModel(loaded.model, loaded.adapters)
    checked = check(loaded.model, model)
    if checked.problem is None and loaded.adapter is not None:
        checked = replace(checked, problem=check_adapter(model, loaded.adapter))
    if checked.problem is not None:
        model.close()
        if kind is EngineKind.CONTINUOUS:
            raise ModelLoadFailed(
                f"Model {loaded.name} cannot be batched: {checked.problem}. "
                "Remove --engine=continuous."
            )
        logger.warning(
            "served one request at a time: it cannot be batched",
            model=loaded.name,
            reason=checked.problem,
        )
        return SequentialEngine(loaded)
    return ContinuousEngine(
        loaded, model, batch_limits(loaded, checked, limits), limits.max_waiting
    )


def batch_limits(loaded: LoadedModel, checked: Checked, limits: ServingLimits) -> BatchLimits:
    """Return the limits of a batch: the requested ones, within the memory."""
    most_bytes = (
        int(limits.cache_memory * GIB)
        if limits.cache_memory is not None
        else _free_bytes(loaded.model.device) // CACHE_SHARE
    )
    wanted = limits.max_batch * loaded.context_length * 2
    return BatchLimits(
        rows=limits.max_batch,
        cache_tokens=max(1, min(wanted, most_bytes // max(1, checked.bytes_per_token))),
        prompt_tokens=PROMPT_TOKENS.get(loaded.model.device.type, PROMPT_TOKENS["cuda"]),
    )


def _free_bytes(device: torch.device) -> int:
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    free = free_memory()
    return UNKNOWN_MEMORY if free is None else free
