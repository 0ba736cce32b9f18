"""Carrel's engine on a GPU, with random weights in the shape of Llama-2: nothing to download.

    python benchmarks/gpu.py --output=benchmarks/results/gpu.md
    python benchmarks/gpu.py --tiny        # a toy on whatever there is, to try the script out

The weights are made on the GPU and stored nowhere. For each size and precision it measures Carrel's
batching engine in process and, for comparison, transformers' ``generate`` over one padded batch:
tokens per second of all users together, the time to the first token, the peak of GPU memory. One
stream cannot be faster than the GPU reads all weights once for every token: that limit, from the
speed of a copy on the same GPU, is beside the figure.

For the reader: h2oGPT's own table says 32 tokens/s in 16 bits, 23 in 4 bits and 7.5 in 8 bits for
one stream of a 7B model on an A100, in characters divided by four.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import bitsandbytes
import psutil
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from carrel.core.chat import Finished, Message, Role, SamplingParams, Usage
from carrel.core.protocols.adapters import Engine
from carrel.engine.adapters.adapter_set import AdapterSet
from carrel.engine.choose import serve_loaded
from carrel.engine.loading.placement import use_all_cores
from carrel.engine.spec import LoadedModel, ServingLimits
from carrel.settings.schema import EngineKind, PromptType
from parts.environment import describe_environment

SHAPES = {
    "7b": {"hidden_size": 4096, "intermediate_size": 11008, "layers": 32, "heads": 32},
    "13b": {"hidden_size": 5120, "intermediate_size": 13824, "layers": 40, "heads": 40},
    "toy": {"hidden_size": 64, "intermediate_size": 128, "layers": 2, "heads": 4},
}
VOCABULARY = 32000
CONTEXT = 4096
GIB = 2**30
HEADINGS = (
    "model",
    "precision",
    "users",
    "tokens/s",
    "limit of one stream",
    "of the limit",
    "generate, tokens/s",
    "first token, median s",
    "peak GiB",
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured. ``layers`` None takes the shape's own number."""

    shapes: Sequence[str]
    precisions: Sequence[str]
    users: Sequence[int]
    prompt_tokens: int
    new_tokens: int
    layers: int | None
    device: torch.device


def random_model(shape: str, precision: str, plan: Plan) -> LlamaForCausalLM:
    """Return a model of random weights on the device."""
    size = SHAPES[shape]
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=size["hidden_size"],
        intermediate_size=size["intermediate_size"],
        num_hidden_layers=plan.layers or size["layers"],
        num_attention_heads=size["heads"],
        max_position_embeddings=CONTEXT,
        bos_token_id=0,
        eos_token_id=1,
    )
    with plan.device:
        model: Any = LlamaForCausalLM._from_config(config, dtype=torch.bfloat16)
    model.eval()
    model.generation_config = GenerationConfig(bos_token_id=0, eos_token_id=[1], pad_token_id=1)
    if precision != "bfloat16":
        quantize(model, precision)
    return model


def quantize(model: LlamaForCausalLM, precision: str) -> None:
    """Replace the layers' matrices with bitsandbytes' ones, as ``--load_8bit`` and 4 bits do."""
    nn = bitsandbytes.nn
    for parent in list(model.model.modules()):
        for name, module in list(parent.named_children()):
            if not isinstance(module, torch.nn.Linear):
                continue
            shape = (module.in_features, module.out_features)
            device, weight = module.weight.device, module.weight.data.cpu()
            if precision == "int8":
                packed: Any = nn.Linear8bitLt(*shape, bias=False, has_fp16_weights=False)
                packed.weight = nn.Int8Params(weight, requires_grad=False, has_fp16_weights=False)
            else:
                packed = nn.Linear4bit(
                    *shape, bias=False, compute_dtype=torch.bfloat16, quant_type="nf4"
                )
                packed.weight = nn.Params4bit(weight, requires_grad=False, quant_type="nf4")
            setattr(parent, name, packed.to(device))


def byte_tokenizer() -> PreTrainedTokenizerFast:
    """Return a tokenizer of one token a byte, with as many more tokens as the model has."""
    vocabulary = {"<s>": 0, "</s>": 1}
    for character in sorted(pre_tokenizers.ByteLevel.alphabet()):
        vocabulary[character] = len(vocabulary)
    while len(vocabulary) < VOCABULARY:
        vocabulary[f"word{len(vocabulary)}"] = len(vocabulary)
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>")


def weight_bytes(model: LlamaForCausalLM) -> int:
    """Return the bytes that one token reads: all weights but the table of embeddings."""
    table = model.get_input_embeddings().weight
    return sum(
        each.numel() * each.element_size() for each in model.parameters() if each is not table
    )


def bandwidth(device: torch.device) -> float:
    """Return the bytes per second that a copy reads and writes, the best of ten."""
    size = GIB if device.type == "cuda" else GIB // 8
    source = torch.ones(size, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    best = float("inf")
    for _ in range(10):
        wait_for(device)
        started = time.perf_counter()
        target.copy_(source)
        wait_for(device)
        best = min(best, time.perf_counter() - started)
    return 2 * size / best


def wait_for(device: torch.device) -> None:
    """Wait until the device has done everything."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def peak_memory(device: torch.device) -> float:
    """Return the most GiB that were taken since the last reset; of the process on a processor."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / GIB
    return psutil.Process().memory_info().rss / GIB


async def served(engine: Engine, users: int, plan: Plan, seed: str) -> tuple[float, list[Usage]]:
    """Let users ask at once; returns the seconds and each answer's usage."""
    sampling = SamplingParams(max_new_tokens=plan.new_tokens, min_new_tokens=plan.new_tokens)

    async def ask(user: int) -> Usage:
        prompt = f"{seed} {user} ".ljust(plan.prompt_tokens, "x")
        messages = [Message(Role.USER, prompt)]
        async with aclosing(engine.generate(messages, sampling, str(user))) as events:
            async for event in events:
                if isinstance(event, Finished):
                    return event.usage
        raise AssertionError("the answer has no end")

    started = time.perf_counter()
    usages = await asyncio.gather(*(ask(user) for user in range(users)))
    return time.perf_counter() - started, list(usages)


def generated(model: LlamaForCausalLM, users: int, plan: Plan) -> float:
    """Return the tokens per second of ``generate`` over one batch."""
    ids = torch.randint(2, 258, (users, plan.prompt_tokens), device=plan.device)
    configuration = GenerationConfig(
        max_new_tokens=plan.new_tokens,
        min_new_tokens=plan.new_tokens,
        do_sample=False,
        eos_token_id=1,
        pad_token_id=1,
    )
    with torch.inference_mode():
        wait_for(plan.device)
        started = time.perf_counter()
        model.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), generation_config=configuration
        )
        wait_for(plan.device)
    return users * plan.new_tokens / (time.perf_counter() - started)


async def measure(shape: str, precision: str, plan: Plan, speed: float) -> list[list[str]]:
    """Return a row for each number of users."""
    model = random_model(shape, precision, plan)
    limit = speed / weight_bytes(model)
    loaded = LoadedModel(
        model=model,
        tokenizer=byte_tokenizer(),
        name=shape,
        context_length=CONTEXT,
        precision=precision,
        device=str(plan.device),
        adapters=AdapterSet(model, shape),
        prompt_type=PromptType.PLAIN,
    )
    most = max(plan.users)
    engine = serve_loaded(loaded, EngineKind.CONTINUOUS, ServingLimits(most, most))
    rows = []
    try:
        await served(engine, 1, plan, "warm up")
        for users in plan.users:
            if plan.device.type == "cuda":
                torch.cuda.reset_peak_memory_stats(plan.device)
            seconds, usages = await served(engine, users, plan, "measured")
            memory = peak_memory(plan.device)
            total = sum(usage.completion_tokens for usage in usages) / seconds
            plain = generated(model, users, plan)
            first = statistics.median(usage.time_to_first_token or 0 for usage in usages)
            alone = users == 1
            rows.append(
                [
                    shape,
                    precision,
                    str(users),
                    f"{total:.1f}",
                    f"{limit:.1f}" if alone else "",
                    f"{total / limit:.0%}" if alone else "",
                    f"{plain:.1f}",
                    f"{first:.3f}",
                    f"{memory:.1f}",
                ]
            )
            print(" | ".join(rows[-1]), flush=True)
    finally:
        await engine.close()
    return rows


def report(rows: Sequence[Sequence[str]], plan: Plan, speed: float) -> str:
    """Return the result as a Markdown page."""
    gpu = plan.device.type == "cuda"
    environment = describe_environment()
    if gpu:
        environment["machine"] = environment["machine"].removesuffix(", no GPU in use")
    environment["device"] = torch.cuda.get_device_name(plan.device) if gpu else "the processor"
    environment["bandwidth of a copy"] = f"{speed / 1e9:.0f} GB/s"
    environment["date"] = date.today().isoformat()
    lines = [
        "# The engine on a GPU",
        "",
        "Made by `python benchmarks/gpu.py`: random weights in the shape of Llama-2, prompts of "
        f"{plan.prompt_tokens} tokens, {plan.new_tokens} new tokens for each user. h2oGPT's own "
        "table for one stream of a 7B model on an A100, in characters divided by four: 32 tokens/s "
        "(16 bits), 23 (4 bits), 7.5 (8 bits).",
        "",
        "| " + " | ".join(HEADINGS) + " |",
        "|" + "---|" * len(HEADINGS),
        *("| " + " | ".join(row) + " |" for row in rows),
        "",
        *(f"- {name}: {value}" for name, value in environment.items()),
        "",
    ]
    return "\n".join(lines)


def arguments() -> tuple[Plan, Path | None]:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shapes", default="7b,13b")
    parser.add_argument("--precisions", default="bfloat16,int8,nf4")
    parser.add_argument("--users", default="1,8,64,256")
    parser.add_argument("--prompt_tokens", type=int, default=64)
    parser.add_argument("--new_tokens", type=int, default=128)
    parser.add_argument("--layers", type=int, help="fewer layers than the shape has")
    parser.add_argument("--tiny", action="store_true", help="a toy, for trying the script out")
    parser.add_argument("--output", type=Path)
    given = parser.parse_args()
    if not given.tiny and not torch.cuda.is_available():
        parser.error("there is no GPU: only --tiny runs without one")
    if given.tiny:
        given.shapes, given.users, given.new_tokens = "toy", "1,2", 8
    plan = Plan(
        shapes=given.shapes.split(","),
        precisions=given.precisions.split(","),
        users=[int(each) for each in given.users.split(",")],
        prompt_tokens=given.prompt_tokens,
        new_tokens=given.new_tokens,
        layers=given.layers,
        device=torch.device("cuda" if torch.cuda.is_available() else "cpu"),
    )
    return plan, given.output


def main() -> None:
    """Measure, print and write."""
    plan, output = arguments()
    use_all_cores()
    speed = bandwidth(plan.device)
    rows = []
    for shape in plan.shapes:
        for precision in plan.precisions:
            rows += asyncio.run(measure(shape, precision, plan, speed))
            gc.collect()  # the weights of the model before it
            if plan.device.type == "cuda":
                torch.cuda.empty_cache()
    text = report(rows, plan, speed)
    print(text)
    if output is not None:
        output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
