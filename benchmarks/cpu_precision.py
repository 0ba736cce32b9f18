"""Compare number formats on the processor: the bundled model, one stream.

    taskset -c 0 python benchmarks/cpu_precision.py > benchmarks/results/cpu_precision.md

On one core, because the clock is the processor's own: what else the machine does does not count,
and neither does one thread's waiting for another. Every round runs every format once, in turn; the
ratios are those of one round, and their median is shown.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import structlog
import torch
from torch import nn

from carrel.engine.loading.loader import load
from carrel.engine.spec import ModelSpec
from environment import describe_environment

PROMPT_TOKENS = 128
WRITTEN_TOKENS = 8


class PackedLinear(nn.Module):
    """A linear layer with weights of 8 bits, one scale per output, for torch's packed kernel."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        weight = linear.weight.detach().float()
        scale = weight.abs().amax(1, keepdim=True) / 127
        self.register_buffer("weight", (weight / scale).round().to(torch.int8).contiguous())
        self.register_buffer("scale", scale[:, 0].to(torch.bfloat16))

    def forward(self, activations: torch.Tensor) -> torch.Tensor:
        """Return what the linear layer returns, in bfloat16."""
        rows = activations.reshape(-1, activations.shape[-1]).contiguous()
        product = torch.ops.aten._weight_int8pack_mm(rows, self.weight, self.scale)
        return product.reshape(*activations.shape[:-1], -1)


def packed(spec: ModelSpec) -> Any:
    """Return the bfloat16 model with every linear layer but the last in 8 bits."""
    model = load(spec).model
    for name, module in list(model.named_modules()):
        if isinstance(module, nn.Linear) and name != "lm_head":
            parent = model.get_submodule(name.rpartition(".")[0])
            setattr(parent, name.rpartition(".")[2], PackedLinear(module))
    return model


def dynamic(spec: ModelSpec) -> Any:
    """Return the float32 model with torch's dynamic 8-bit quantization of its linear layers."""
    model = load(spec).model
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch announces its successor, which is no part of it
        return torch.ao.quantization.quantize_dynamic(model, {nn.Linear}, dtype=torch.qint8)


def contenders(models_dir: Path) -> dict[str, Callable[[], Any]]:
    """Return a loader for each number format."""

    def spec(**fields: Any) -> ModelSpec:
        return ModelSpec(models_dir=models_dir, **fields)

    return {
        "float32": lambda: load(spec(dtype="float32")).model,
        "bfloat16": lambda: load(spec(dtype="bfloat16")).model,
        "int8, bitsandbytes": lambda: load(spec(dtype="bfloat16", load_8bit=True)).model,
        "nf4, bitsandbytes": lambda: load(spec(load_4bit=True)).model,
        "int8, torch dynamic": lambda: dynamic(spec(dtype="float32")),
        "int8, torch packed kernel": lambda: packed(spec(dtype="bfloat16")),
    }


def reading(model: Any) -> float:
    """Return the tokens per second of one forward pass over a long prompt."""
    ids = torch.arange(PROMPT_TOKENS)[None] + 1000
    start = time.process_time()
    with torch.inference_mode():
        model(ids, logits_to_keep=1)
    return PROMPT_TOKENS / (time.process_time() - start)


def writing(model: Any) -> float:
    """Return the tokens per second of greedy decoding after a short prompt."""
    ids = torch.arange(30)[None] + 1000
    options = {"do_sample": False, "min_new_tokens": WRITTEN_TOKENS}
    start = time.process_time()
    with torch.inference_mode():
        model.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=WRITTEN_TOKENS, **options
        )
    return WRITTEN_TOKENS / (time.process_time() - start)


def difference(model: Any, logits: torch.Tensor) -> float:
    """Return the mean distance of the next token's logits from those in float32."""
    ids = torch.arange(200)[None] + 1000
    with torch.inference_mode():
        return float((model(ids).logits.float() - logits).abs().mean())


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--models_dir", type=Path, default=Path("models"))
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    models = {name: make() for name, make in contenders(given.models_dir).items()}
    with torch.inference_mode():
        exact = models["float32"](torch.arange(200)[None] + 1000).logits.float()
    rows: dict[str, list[tuple[float, float]]] = {name: [] for name in models}
    for number in range(given.rounds + 1):
        for name, model in models.items():
            measured = (writing(model), reading(model))
            print(number, name, *measured, file=sys.stderr)
            if number:  # the first round warms up
                rows[name].append(measured)
    print("# Number formats on the processor\n")
    print(f"Bundled model, one stream: {WRITTEN_TOKENS} tokens written after a prompt of 30, and a")
    print(
        f"prompt of {PROMPT_TOKENS} read. Median of {given.rounds} interleaved rounds; the ratios"
    )
    print("are to float32 in the same round.\n")
    print("| format | writing, tokens/s | ratio | reading, tokens/s | ratio | logits off by |")
    print("|---|---|---|---|---|---|")
    for name, measured in rows.items():
        cells = [name]
        for column in (0, 1):
            own = [each[column] for each in measured]
            base = [each[column] for each in rows["float32"]]
            ratio = statistics.median(a / b for a, b in zip(own, base, strict=True))
            cells += [f"{statistics.median(own):.1f}", f"{ratio:.2f}"]
        cells.append(f"{difference(models[name], exact):.3f}")
        print(f"| {' | '.join(cells)} |")
    print(f"\nMeasured on {date.today()} with {torch.get_num_threads()} threads:\n")
    for name, value in describe_environment().items():
        print(f"- {name}: {value}")


if __name__ == "__main__":
    main()
