"""Checks, before a model is served, that it gives the same answers in a batch as alone.

There is no other way: of the models that cannot be batched some fail only in the middle of an
answer, and some write other text without any error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from carrel.engine.batching.batch_model import BatchModel
from carrel.engine.batching.slot_cache import SlotCache
from carrel.engine.source import first_line

LENGTHS = (3, 11, 24)
WRITTEN = 2
"""Tokens of each sequence that are computed step by step after the rest."""

ADAPTER_TOKENS = [1, 2, 3, 5, 8, 13]
"""Token ids for testing an adapter; every vocabulary has them."""

MOST_DIFFERENCE = 0.25
"""Tolerated difference of the scores, relative to their spread.

Number formats account for less: the bundled model has 0.00001 in float32, 0.02 to 0.14 in bfloat16,
depending on the CPU and the kind of attention; models that misunderstand the batch have more
than 0.5.
"""


COUPLED_ROTATIONS = ("dynamic", "longrope")
"""Rotary embeddings that depend on the longest sequence of a batch, beyond the trained length."""


@dataclass(frozen=True, slots=True)
class Checked:
    """``problem`` says in one line why a model cannot be batched, None if it can.

    ``bytes_per_token`` is the size of one token's keys and values.
    """

    problem: str | None
    bytes_per_token: int = 0


def check(model: Any, batch: BatchModel) -> Checked:
    """Compare a model's scores in a batch with its own, computed without any cache."""
    problem = _coupled(model.config.get_text_config())
    if problem is not None:
        return Checked(problem)
    cache = SlotCache()
    try:
        with batch.own_attention():
            expected = _alone(model)
        with torch.inference_mode():
            largest = _difference(_sequences(model), batch, cache, expected)
    # Any architecture may fail in its own way here; that is what the check is for.
    except Exception as error:  # noqa: BLE001
        return Checked(first_line(error))
    # Written so that NaN fails, too.
    if not largest <= MOST_DIFFERENCE:
        return Checked(f"its scores in a batch differ from those alone by {largest:.2f}")
    return Checked(None, cache.bytes_per_token)


def probe(batch: BatchModel) -> None:
    """Compute a token, to see that the model works.

    Raises:
        Exception: whatever the model raises.
    """
    cache = SlotCache()
    cache.reserve(1, 2)
    batch.forward(cache, 0, [[1]], [0], [None])


def check_adapter(batch: BatchModel, name: str) -> str | None:
    """Return in one line why an adapter cannot be batched with its base, or None."""
    try:
        alone = [_first_scores(batch, [each])[0] for each in (name, None)]
        largest = max(
            _distance(found, alone[row % 2])
            for row, found in enumerate(_first_scores(batch, [name, None, name]))
        )
    # As above: any module of an adapter may fail in its own way.
    except Exception as error:  # noqa: BLE001
        return first_line(error)
    if not largest <= MOST_DIFFERENCE:
        return f"its scores beside the base differ from those alone by {largest:.2f}"
    return None


def _first_scores(batch: BatchModel, adapters: list[str | None]) -> torch.Tensor:
    """Return the scores after the same few tokens, a row for each adapter."""
    cache = SlotCache()
    cache.reserve(len(adapters), len(ADAPTER_TOKENS) + 1)
    tokens = [ADAPTER_TOKENS] * len(adapters)
    return batch.forward(cache, 0, tokens, [0] * len(adapters), adapters)


def _coupled(config: Any) -> str | None:
    parameters = getattr(config, "rope_parameters", None) or {}
    kinds = {
        each.get("rope_type")
        for each in (parameters, *parameters.values())
        if isinstance(each, dict)
    }
    for kind in COUPLED_ROTATIONS:
        if kind in kinds:
            return f"its rotary positions ({kind}) depend on the longest sequence"
    return None


def _alone(model: Any) -> list[torch.Tensor]:
    """Return the scores of each sequence's last tokens, each computed alone in one pass."""
    with torch.inference_mode():
        return [
            model(input_ids=torch.tensor([tokens], device=model.device), use_cache=False)
            .logits[0, -WRITTEN - 1 :]
            .float()
            for tokens in _sequences(model)
        ]


def _difference(
    sequences: list[list[int]],
    batch: BatchModel,
    cache: SlotCache,
    expected: Sequence[torch.Tensor],
) -> float:
    """Return the largest difference of scores, the first part in one pass, the rest in steps.

    Between the steps the sequences change their slots in every way that a bucket does.
    """
    cache.reserve(len(sequences) + 1, max(LENGTHS) + 1)
    nobody = [None] * len(sequences)
    read = [len(tokens) - WRITTEN for tokens in sequences]
    parts = [tokens[:count] for tokens, count in zip(sequences, read, strict=True)]
    order, first = [0, 1, 2], 0
    scores = [batch.forward(cache, first, parts, [0] * len(parts), nobody)]
    distances = [_distance(scores[0][row], expected[row][0]) for row in order]
    for step in range(WRITTEN):
        order, first = _moved(cache, step, [count + step for count in read])
        starts = [read[row] + step for row in order]
        parts = [sequences[row][at : at + 1] for row, at in zip(order, starts, strict=True)]
        found = batch.forward(cache, first, parts, starts, nobody)
        distances += [
            _distance(found[place], expected[row][step + 1]) for place, row in enumerate(order)
        ]
    return max(distances)


def _moved(cache: SlotCache, step: int, cached: list[int]) -> tuple[list[int], int]:
    """Swap two sequences first, then move one and restore a copied one; return order and slot."""
    if step == 0:
        cache.swap(0, 1, max(cached[0], cached[1]))
        return [1, 0, 2], 0
    cache.move(2, 3, cached[2])
    cache.write(2, cache.read(0, cached[1]), cached[1])
    return [0, 1, 2], 1


def _distance(one: torch.Tensor, right: torch.Tensor) -> float:
    spread = (right - right.mean()).norm()
    return float((one - right).norm() / spread.clamp_min(torch.finfo(torch.float32).tiny))


def _sequences(model: Any) -> list[list[int]]:
    """Return sequences of different lengths, of tokens from the whole vocabulary."""
    vocabulary = model.config.get_text_config().vocab_size
    generator = torch.Generator().manual_seed(0)
    return [
        torch.randint(vocabulary, (length,), generator=generator).tolist() for length in LENGTHS
    ]
