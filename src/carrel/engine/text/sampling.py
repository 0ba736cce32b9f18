"""Sampling of the next token."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from transformers import (
    GenerationConfig,
    LogitsProcessor,
    LogitsProcessorList,
    NoBadWordsLogitsProcessor,
    RepetitionPenaltyLogitsProcessor,
    SuppressTokensAtBeginLogitsProcessor,
    SuppressTokensLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from carrel.core.chat import SamplingParams

SEEDS = 2**63


class SeededDraw(LogitsProcessor):
    """Makes the most likely token of the returned scores a random draw from the given ones.

    The maximum of ``score - log(e)``, with ``e`` exponentially distributed, falls on each token
    with its softmax probability (the Gumbel-max trick). So each request has its own random
    generator, which ``generate(do_sample=True)`` does not offer: there two concurrent models would
    disturb each other's seed.
    """

    def __init__(self, seed: int | None, device: torch.device | str) -> None:
        self._generator = torch.Generator(device)
        if seed is None:
            self._generator.seed()
        else:
            self._generator.manual_seed(seed % SEEDS)

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        noise = torch.empty_like(scores).exponential_(generator=self._generator)
        smallest = torch.finfo(noise.dtype).tiny
        return scores - noise.clamp_min(smallest).log()  # type: ignore[return-value]


class EarliestEnd(LogitsProcessor):
    """Masks out the end tokens until prompt and answer have a length.

    In place: transformers' own allocates several rows of the whole vocabulary per token.
    """

    def __init__(self, length: int, end_tokens: Sequence[int]) -> None:
        self._length = length
        self._end_tokens = list(end_tokens)

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        if input_ids.shape[-1] < self._length:
            scores[:, self._end_tokens] = -torch.inf
        return scores


def logits_processors(sampling: SamplingParams, device: torch.device | str) -> LogitsProcessorList:
    """Return the sampling processors; empty for greedy answers."""
    processors = LogitsProcessorList()
    if sampling.temperature == 0:
        return processors
    if sampling.temperature != 1:
        processors.append(TemperatureLogitsWarper(float(sampling.temperature)))
    if sampling.top_k > 0:
        processors.append(TopKLogitsWarper(sampling.top_k))
    if sampling.top_p < 1:
        processors.append(TopPLogitsWarper(sampling.top_p))
    processors.append(SeededDraw(sampling.seed, device))
    return processors


def penalties(
    sampling: SamplingParams,
    defaults: GenerationConfig,
    prompt_tokens: int,
    device: torch.device | str,
) -> LogitsProcessorList:
    """Return the penalty processors, as ``generate`` would make them from its configuration.

    ``generate`` puts its own before all others. Passed explicitly, they can follow a grammar's or
    those that read the model's original scores.
    """
    processors = LogitsProcessorList()
    ends = defaults.eos_token_id
    if sampling.repetition_penalty != 1:
        processors.append(RepetitionPenaltyLogitsProcessor(sampling.repetition_penalty))
    if defaults.bad_words_ids is not None:
        processors.append(NoBadWordsLogitsProcessor(defaults.bad_words_ids, ends))
    if sampling.min_new_tokens > 0 and ends:
        processors.append(EarliestEnd(prompt_tokens + sampling.min_new_tokens, ends))
    if defaults.suppress_tokens is not None:
        processors.append(SuppressTokensLogitsProcessor(defaults.suppress_tokens, str(device)))
    if defaults.begin_suppress_tokens is not None:
        processors.append(
            SuppressTokensAtBeginLogitsProcessor(
                defaults.begin_suppress_tokens, prompt_tokens, str(device)
            )
        )
    return processors


def generation_config(max_new_tokens: int, defaults: GenerationConfig) -> GenerationConfig:
    """Return a complete configuration, so that transformers does not warn.

    Sampling is done by ``penalties`` and ``logits_processors``.
    """
    return GenerationConfig(  # type: ignore[no-untyped-call]
        max_new_tokens=max_new_tokens,
        do_sample=False,  # sampling is done by SeededDraw
        use_cache=True,
        bos_token_id=defaults.bos_token_id,
        eos_token_id=defaults.eos_token_id,
        pad_token_id=defaults.pad_token_id,
    )
