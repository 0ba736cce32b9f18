"""How the next token is drawn."""

from __future__ import annotations

import torch
from transformers import (
    GenerationConfig,
    LogitsProcessor,
    LogitsProcessorList,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from carrel.core.chat import SamplingParams

SEEDS = 2**63


class SeededDraw(LogitsProcessor):
    """Makes the likeliest token of the returned scores a random draw from the given ones.

    The maximum of ``score - log(e)``, with ``e`` exponentially distributed, falls on each token
    with its softmax probability (the Gumbel-max trick). So a request can have its own random
    generator, which ``generate(do_sample=True)`` does not offer: there two models that answer at
    once would disturb each other's seed.
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


def logits_processors(sampling: SamplingParams, device: torch.device | str) -> LogitsProcessorList:
    """Return what draws the next token; empty for greedy answers."""
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


def generation_config(
    sampling: SamplingParams, max_new_tokens: int, defaults: GenerationConfig
) -> GenerationConfig:
    """Return a complete configuration, so that transformers has nothing to warn about."""
    return GenerationConfig(  # type: ignore[no-untyped-call]
        max_new_tokens=max_new_tokens,
        min_new_tokens=min(sampling.min_new_tokens, max_new_tokens),
        do_sample=False,  # the draw, where one is wanted, is made by SeededDraw
        repetition_penalty=sampling.repetition_penalty,
        use_cache=True,
        bos_token_id=defaults.bos_token_id,
        eos_token_id=defaults.eos_token_id,
        pad_token_id=defaults.pad_token_id,
        suppress_tokens=defaults.suppress_tokens,
        begin_suppress_tokens=defaults.begin_suppress_tokens,
        bad_words_ids=defaults.bad_words_ids,
    )
