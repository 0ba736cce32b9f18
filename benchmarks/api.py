"""What the server itself costs: requests and streams against an engine that takes no time.

    python benchmarks/api.py --output=benchmarks/results/api.md

``benchmarks/serving.py`` compares whole systems with a real model; here Carrel's scripted engine
answers at once, so that all that is measured is the way to it and back. The engine's own times are
taken in a process without a server, by the same load.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from carrel.engine.scripted import ScriptedEngine
from parts.environment import describe_environment

sys.path.insert(0, str(Path(__file__).resolve().parent / "parts"))

from serving_bare import run
from serving_load import Load, Outcome
from serving_systems import ROOT, HttpSystem, free_port, http_system

STREAMS = (1, 10, 50, 200)
WHOLE_REQUESTS = 400
NEW_TOKENS = 64
QUESTION = "river stone lamp garden winter market bridge paper window harbor " * 8


@contextmanager
def server() -> Iterator[HttpSystem]:
    """Carrel's server with the scripted engine, as ``python generate.py`` starts it."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        words: list[str | Path] = [sys.executable, ROOT / "generate.py", f"--port={port}"]
        words += [f"--db_dir={folder}/db", "--log_level=error", "--offline=True"]
        words += ["--engine=scripted"]
        with http_system(words, port, {}) as system:
            yield system


async def whole_replies(url: str, users: int) -> float:
    """Return how many whole replies a second some users get, each one after the other."""
    body: dict[str, Any] = {"messages": [{"role": "user", "content": QUESTION}]}
    left = iter(range(WHOLE_REQUESTS))
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:

        async def user() -> None:
            for _ in left:
                (await client.post(url, json=body)).raise_for_status()

        started = time.perf_counter()
        await asyncio.gather(*(user() for _ in range(users)))
    return WHOLE_REQUESTS / (time.perf_counter() - started)


def _load(users: int) -> Load:
    each = max(1, 20 // users)
    return Load([[f"{user} {QUESTION}"] * each for user in range(users)], NEW_TOKENS)


def _first(outcome: Outcome) -> tuple[float, float]:
    """Return median and 95th percentile of the time to the first token, in milliseconds."""
    times = sorted(1000 * each.first for each in outcome.answers)
    return statistics.median(times), times[min(len(times) - 1, int(len(times) * 0.95))]


def measure(rounds: int) -> Iterator[str]:
    """Yield the lines of the page's tables; each figure is the median of the rounds."""
    with server() as system:
        system.measure(_load(1))
        yield "## Whole replies\n"
        yield "| users at once | requests/s |"
        yield "|---|---|"
        for users in (1, 10):
            found = [asyncio.run(whole_replies(system.url, users)) for _ in range(rounds)]
            yield f"| {users} | {statistics.median(found):.0f} |"
        yield "\n## Streams\n"
        yield (
            "| streams at once | first token, p50 ms | p95 ms | engine alone, p50 ms | p95 ms "
            "| all streams, s | tokens/s | peak MiB |"
        )
        yield "|---|---|---|---|---|---|---|---|"
        for users in STREAMS:
            yield _row(system, users, rounds)


def _row(system: HttpSystem, users: int, rounds: int) -> str:
    asked = _load(users)
    served, alone, seconds, speed, peaks = [], [], [], [], []
    for _ in range(rounds):
        outcome, peak = system.measure(asked)
        served.append(_first(outcome))
        alone.append(_first(asyncio.run(run(ScriptedEngine(), asked))))
        seconds.append(outcome.seconds)
        speed.append(outcome.tokens / outcome.seconds)
        peaks.append(peak)
    cells = [*_medians(served), *_medians(alone)]
    shown = " | ".join(f"{each:.1f}" for each in cells)
    return (
        f"| {users} | {shown} | {statistics.median(seconds):.2f} "
        f"| {statistics.median(speed):.0f} | {max(peaks):.0f} |"
    )


def _medians(pairs: Sequence[tuple[float, float]]) -> list[float]:
    return [statistics.median(column) for column in zip(*pairs, strict=True)]


def main() -> None:
    """Measure, and print or write the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--output", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    lines = [
        "# The server alone\n",
        "Made by `python benchmarks/api.py`.\n",
        f"The scripted engine answers at once, with at most {NEW_TOKENS} tokens. Median of "
        f"{given.rounds} rounds; all streams of a round start together, and the client takes "
        "processor time of the same machine. What whole systems reach with a real model, beside "
        "`transformers serve` and llama.cpp, is in [serving.md](serving.md).\n",
        *measure(given.rounds),
        "",
        *(f"- {name}: {value}" for name, value in describe_environment().items()),
    ]
    page = "\n".join(lines) + "\n"
    if given.output is not None:
        given.output.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
