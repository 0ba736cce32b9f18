from __future__ import annotations

import torch

from carrel.core.chat import SamplingParams
from carrel.engine.text.sampling import SeededDraw, logits_processors

IDS = torch.zeros((1, 1), dtype=torch.long)


def draws(sampling: SamplingParams, scores: torch.Tensor, number: int) -> list[int]:
    processors = logits_processors(sampling, "cpu")
    return [int(processors(IDS, scores.clone()).argmax()) for _ in range(number)]


def test_draws_follow_the_softmax_of_the_scores() -> None:
    wanted = torch.tensor([[0.5, 0.3, 0.15, 0.05]])
    found = draws(SamplingParams(temperature=1, seed=1), wanted.log(), 4000)
    shares = torch.bincount(torch.tensor(found), minlength=4) / len(found)
    assert torch.allclose(shares, wanted[0], atol=0.03)


def test_temperature_sharpens_the_draws() -> None:
    scores = torch.tensor([[0.6, 0.4]]).log()
    cold = draws(SamplingParams(temperature=0.1, seed=1), scores, 500)
    assert cold.count(0) > 450


def test_top_k_and_top_p_leave_the_unlikely_out() -> None:
    scores = torch.tensor([[0.5, 0.3, 0.15, 0.05]]).log()
    assert set(draws(SamplingParams(temperature=1, top_k=2, seed=1), scores, 300)) == {0, 1}
    assert set(draws(SamplingParams(temperature=1, top_p=0.6, seed=1), scores, 300)) == {0, 1}


def test_temperature_zero_leaves_the_scores_alone() -> None:
    assert len(logits_processors(SamplingParams(temperature=0, top_k=3), "cpu")) == 0


def test_the_seed_is_the_requests_own() -> None:
    scores = torch.zeros((1, 50))
    first = draws(SamplingParams(temperature=1, seed=5), scores, 20)
    torch.manual_seed(0)
    torch.rand(100)
    assert draws(SamplingParams(temperature=1, seed=5), scores, 20) == first
    assert draws(SamplingParams(temperature=1, seed=6), scores, 20) != first
    assert draws(SamplingParams(temperature=1), scores, 20) != first


def test_any_whole_number_is_a_seed() -> None:
    for seed in (0, -1, 2**64 + 3):
        SeededDraw(seed, "cpu")
