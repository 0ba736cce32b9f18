"""Compare number formats on the processor: the bundled model, one stream.

    taskset -c 0 python benchmarks/cpu_precision.py --xquad=FILE > RESULT.md

On one core, because the clock is the processor's own: what else the machine does does not count,
and neither does one thread's waiting for another. Every round runs every format once, in turn; the
ratios are those of one round, and their median is shown. The perplexity is that of the first
tokens of each article of XQuAD (google-deepmind/xquad on GitHub, xquad.en.json, CC BY-SA 4.0), read
through the kernel that writes too; without the file it is left out.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import structlog
import torch
from torch import nn
from torch.nn import functional
from transformers import AutoTokenizer, DynamicCache

from carrel.engine.loading.bundled import bundled_model
from carrel.engine.loading.int8_copies import MOST_ROWS, add_int8_copies
from carrel.engine.loading.loader import load
from carrel.engine.spec import ModelSpec
from parts.environment import describe_environment

PROMPT_TOKENS = 128
WRITTEN_TOKENS = 8
TEXT_TOKENS = 256


def dynamic(spec: ModelSpec) -> Any:
    """Return the float32 model with torch's dynamic 8-bit quantization of its linear layers."""
    model = load(spec).model
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch announces its successor, which is no part of it
        return torch.ao.quantization.quantize_dynamic(model, {nn.Linear}, dtype=torch.qint8)


def copied(spec: ModelSpec) -> Any:
    """Return the bfloat16 model with copies in 8 bits, which ``dtype=auto`` makes by itself."""
    model = load(spec).model
    assert add_int8_copies(model)
    return model


def articles(file: Path) -> list[str]:
    """Return the text of each article of XQuAD."""
    data = json.loads(file.read_text(encoding="utf-8"))["data"]
    return [" ".join(each["context"] for each in article["paragraphs"]) for article in data]


def perplexity(model: Any, tokenizer: Any, texts: Sequence[str]) -> float:
    """Return the perplexity of the texts' first tokens, read a few at a time as when writing."""
    total, count = 0.0, 0
    with torch.inference_mode():
        for text in texts:
            ids = torch.tensor([tokenizer.encode(text)[:TEXT_TOKENS]])
            cache = DynamicCache(config=model.config)
            pieces = ids.split(MOST_ROWS, dim=1)
            logits = torch.cat(
                [model(piece, past_key_values=cache).logits[0].float() for piece in pieces]
            )
            total += float(functional.cross_entropy(logits[:-1], ids[0, 1:], reduction="sum"))
            count += ids.shape[1] - 1
    return math.exp(total / count)


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
        "bfloat16 + int8 copies": lambda: copied(spec(dtype="bfloat16")),
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
    parser.add_argument("--xquad", type=Path, help="xquad.en.json, for the perplexity")
    given = parser.parse_args()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    models = {name: make() for name, make in contenders(given.models_dir).items()}
    tokenizer = AutoTokenizer.from_pretrained(bundled_model(given.models_dir))
    texts = articles(given.xquad) if given.xquad else []
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
    columns = ["format", "writing, tokens/s", "ratio", "reading, tokens/s", "ratio"]
    columns += ["logits off by", "perplexity"]
    print(f"| {' | '.join(columns)} |")
    print("|---" * len(columns) + "|")
    for name, measured in rows.items():
        cells = [name]
        for column in (0, 1):
            own = [each[column] for each in measured]
            base = [each[column] for each in rows["float32"]]
            ratio = statistics.median(a / b for a, b in zip(own, base, strict=True))
            cells += [f"{statistics.median(own):.1f}", f"{ratio:.2f}"]
        cells.append(f"{difference(models[name], exact):.3f}")
        cells.append(f"{perplexity(models[name], tokenizer, texts):.2f}" if texts else "-")
        print(f"| {' | '.join(cells)} |")
    print(f"\nMeasured on {date.today()} with {torch.get_num_threads()} threads:\n")
    for name, value in describe_environment().items():
        print(f"- {name}: {value}")


if __name__ == "__main__":
    main()
