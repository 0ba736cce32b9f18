"""The users of ``benchmarks/serving.py``, in a process of their own: they take no interpreter time
from the server.

Reads one JSON object from standard input (``url``, ``body`` and a load) and writes the outcome.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import httpx

from serving_load import Load, Outcome, Served

TIMEOUT = httpx.Timeout(30, read=1800)


async def ask(client: httpx.AsyncClient, url: str, body: dict[str, Any]) -> Served:
    """Send one request and read its stream to the end."""
    sent = time.perf_counter()
    first = last = 0.0
    pieces = 0
    usage: dict[str, int] = {}
    async with client.stream("POST", url, json=body) as response:
        if response.status_code != httpx.codes.OK:
            raise SystemExit(f"{url}: HTTP {response.status_code}: {await response.aread()!r}")
        async for line in response.aiter_lines():
            if not line.startswith("data: {"):
                continue
            event = json.loads(line[len("data: ") :])
            if event.get("error"):
                raise SystemExit(f"{url}: {event['error']}")
            usage = event.get("usage") or usage
            choices = event.get("choices")
            if choices and (choices[0].get("delta") or {}).get("content"):
                pieces += 1
                last = time.perf_counter() - sent
                first = first or last
    return Served(
        first, last, usage.get("completion_tokens", pieces), usage.get("prompt_tokens", 0)
    )


async def run(url: str, body: dict[str, Any], asked: Load) -> Outcome:
    """Let all users send their requests, each its own in turn."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=TIMEOUT, limits=limits, trust_env=False) as client:

        async def user(prompts: list[str]) -> list[Served]:
            messages = [[{"role": "user", "content": each}] for each in prompts]
            return [await ask(client, url, {**body, "messages": each}) for each in messages]

        started = time.perf_counter()
        answers = await asyncio.gather(*(user(list(each)) for each in asked.prompts))
        seconds = time.perf_counter() - started
    return Outcome(seconds, [answer for each in answers for answer in each])


def main() -> None:
    """Read, run, write."""
    job = json.loads(sys.stdin.read())
    asked = Load(**job["load"])
    print(asyncio.run(run(job["url"], job["body"], asked)).to_json())


if __name__ == "__main__":
    main()
