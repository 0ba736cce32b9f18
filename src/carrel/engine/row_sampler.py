"""Chooses the next token of one row of a batch, as ``generate`` would choose it."""

from __future__ import annotations

import torch
from transformers import (
    GenerationConfig,
    LogitsProcessorList,
    MinNewTokensLengthLogitsProcessor,
    NoBadWordsLogitsProcessor,
    RepetitionPenaltyLogitsProcessor,
    SuppressTokensAtBeginLogitsProcessor,
    SuppressTokensLogitsProcessor,
)

from carrel.core.chat import SamplingParams
from carrel.engine.sampling import logits_processors


def row_processors(
    sampling: SamplingParams, prompt_tokens: int, defaults: GenerationConfig, device: torch.device
) -> LogitsProcessorList:
    """Return what is applied to a row's scores; empty where the likeliest token is taken as is.

    ``defaults`` is the model's own generation configuration: its end tokens, and the tokens that
    it must not write.
    """
    ends = list(defaults.eos_token_id or ())
    processors = LogitsProcessorList()
    if sampling.repetition_penalty != 1:
        processors.append(RepetitionPenaltyLogitsProcessor(sampling.repetition_penalty))
    if defaults.bad_words_ids is not None:
        processors.append(NoBadWordsLogitsProcessor(defaults.bad_words_ids, ends or None))
    if sampling.min_new_tokens > 0 and ends:
        least = min(sampling.min_new_tokens, sampling.max_new_tokens)
        processors.append(
            MinNewTokensLengthLogitsProcessor(prompt_tokens, least, ends, device=str(device))
        )
    if defaults.suppress_tokens is not None:
        processors.append(SuppressTokensLogitsProcessor(defaults.suppress_tokens, str(device)))
    if defaults.begin_suppress_tokens is not None:
        processors.append(
            SuppressTokensAtBeginLogitsProcessor(
                defaults.begin_suppress_tokens, prompt_tokens, str(device)
            )
        )
    processors.extend(logits_processors(sampling, device))
    return processors


def choose(
    scores: torch.Tensor, sequences: list[list[int]], processors: list[LogitsProcessorList]
) -> list[int]:
    """Return each row's next token.

    ``scores`` has shape [rows, vocabulary]; ``sequences`` are the prompts with what was written.
    """
    chosen: list[int] = scores.argmax(dim=-1).tolist()
    for row, processor in enumerate(processors):
        if processor:
            ids = torch.tensor([sequences[row]], device=scores.device)
            processed = processor(ids, scores[row : row + 1])  # type: ignore[arg-type]
            chosen[row] = int(processed.argmax(dim=-1))
    return chosen
