"""The page, measured in a real browser: opening it, streaming through it, long chats, idling.

    python benchmarks/page.py [--rounds=5] [--idle_seconds=60] [--output=benchmarks/results/page.md]

The scripted engine writes at a fixed pace, so that what is measured is the page alone. Server and
browser share the machine. Needs Chromium, as the journeys of the tests do.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, Request, expect, sync_playwright

from carrel.core.access import Principal
from carrel.core.chat import Message, Role
from carrel.core.conversations import Conversation, SavedTurn
from carrel.services.history.history import Chat
from parts.environment import describe_environment

ROOT = Path(__file__).resolve().parent.parent
# The journeys of the tests know how to start the server and how to use the page.
sys.path.insert(0, str(ROOT / "tests"))

from running.browsing import PATIENCE, Visit, launch, visit  # noqa: E402
from running.live_server import LiveServer, WatchedEngine, live_server, pool_of, settings_in  # noqa: E402

CHATS = 500
TURNS = 200
TOKENS = 300
SECONDS_PER_TOKEN = 0.01
ANSWER = " ".join(f"word{number}" for number in range(TOKENS))
TURN = "The revenue of the harbour trust was 18.4 million euros, **more** than in 2022.\n\n" * 4


def save(server: LiveServer, chats: list[Chat]) -> None:
    """Store chats as those of the one account."""

    async def add() -> None:
        for chat in chats:
            await server.services.history.add(Principal(), chat)

    asyncio.run_coroutine_threadsafe(add(), server.loop).result()


def chat(name: str, turns: int, age: timedelta) -> Chat:
    """Return a chat of as many questions with their answers."""
    messages: list[SavedTurn] = []
    for number in range(turns):
        messages.append(SavedTurn(Message(Role.USER, f"Question {number} of {name}?")))
        messages.append(SavedTurn(Message(Role.ASSISTANT, TURN)))
    at = datetime.now(UTC) - age
    return Chat(Conversation(name, f"Chat {name}", "", at), tuple(messages))


def timed(rounds: int, action: Callable[[], object]) -> list[float]:
    """Return how many seconds each round took."""
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        action()
        taken.append(time.perf_counter() - started)
    return taken


def opening(browser: Browser, server: LiveServer, rounds: int) -> list[float]:
    """Open the page in a new profile, until the question box can be used and the page is filled."""
    taken = []
    for _ in range(rounds):
        with visit(browser, server.address) as visitor:
            taken += timed(1, visitor.open)
    return taken


def through_api(server: LiveServer) -> None:
    """Stream one answer of the API to its end."""
    body = {"messages": [{"role": "user", "content": "Tell me."}], "stream": True}
    with (
        server.client() as client,
        client.stream("POST", "/v1/chat/completions", json=body) as reply,
    ):
        reply.raise_for_status()
        for _ in reply.iter_lines():
            pass


def idle(visitor: Visit, seconds: float) -> list[str]:
    """Return the paths of the requests of a page that nobody touches."""
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    visitor.page.wait_for_timeout(3000)
    visitor.page.on("request", note)
    visitor.page.wait_for_timeout(seconds * 1000)
    visitor.page.remove_listener("request", note)
    return asked


def measure(browser: Browser, folder: Path, rounds: int, idle_seconds: float) -> list[list[str]]:
    """Return the rows of the table: what was measured, median, least and most."""
    rows: list[list[str]] = []

    def row(name: str, taken: list[float]) -> None:
        figures = (statistics.median(taken), min(taken), max(taken))
        rows.append([name, *(f"{each:.2f}" for each in figures)])
        print(" | ".join(rows[-1]), flush=True)

    slow = WatchedEngine([ANSWER], seconds_per_token=SECONDS_PER_TOKEN)
    settings = settings_in(folder / "slow", langchain_mode="LLM", max_new_tokens=TOKENS * 4)
    with live_server(settings, pool_of(slow), with_page=True) as server:
        row("page opened, no chats: s", opening(browser, server, rounds))
        save(server, [chat(f"c{at}", 2, timedelta(hours=at)) for at in range(CHATS)])
        row(f"page opened, {CHATS} chats: s", opening(browser, server, rounds))
        row(f"{TOKENS} words at {1 / SECONDS_PER_TOKEN:.0f}/s through the API: s",
            timed(rounds, lambda: through_api(server)))  # fmt: skip
        with visit(browser, server.address) as visitor:
            visitor.open()
            streamed = [_asked(visitor, f"Tell me {each}.") for each in range(rounds)]
            row("the same through the page: s", streamed)
            polls = idle(visitor, idle_seconds) if idle_seconds else []
            rows.append(["requests a minute of an idle page",
                         f"{len(polls) * 60 / max(idle_seconds, 1):.1f}", "", ""])  # fmt: skip
    quick = WatchedEngine(["An answer."])
    with live_server(
        settings_in(folder / "quick", langchain_mode="LLM"), pool_of(quick), with_page=True
    ) as server:
        save(server, [chat("long", TURNS, timedelta(0)), chat("short", 1, timedelta(0))])
        for name, turns in (("short", 1), ("long", TURNS)):
            with visit(browser, server.address) as visitor:
                visitor.open()
                last = f"Question {turns - 1} of {name}?"
                opened = [_opened(visitor, f"Chat {name}", last) for _ in range(rounds)]
                row(f"chat of {turns} turns opened: s", opened)
                asked = [_asked(visitor, f"More {each}?") for each in range(rounds)]
                row(f"turn added to a chat of {turns}: s", asked)
    return rows


def _opened(visitor: Visit, title: str, last: str) -> float:
    """Open a chat from an empty one; return the seconds until its last question is shown."""
    visitor.page.get_by_role("button", name="New chat").click()
    expect(visitor.page.locator(".welcome")).to_be_visible()
    started = time.perf_counter()
    visitor.chats.filter(has_text=title).click()
    expect(visitor.page.locator("#current .question")).to_have_text(last)
    return time.perf_counter() - started


def _asked(visitor: Visit, question: str) -> float:
    """Ask; return the seconds until the answer is there and the next question can be asked."""
    started = time.perf_counter()
    visitor.ask_and_wait(question)
    return time.perf_counter() - started


def report(rows: list[list[str]], rounds: int) -> str:
    """Return the result as a page of Markdown."""
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    machine = "\n".join(f"- {name}: {value}" for name, value in describe_environment().items())
    machine += f"\n- load of the machine, 5 minutes: {os.getloadavg()[1]:.1f}"
    return (
        "# The page\n\nMade by `python benchmarks/page.py`.\n\n"
        f"Chromium, headless; server and browser on one machine; {rounds} rounds. An answer is "
        "there when its text, its state and the button to ask again are.\n\n"
        f"| what | median | least | most |\n|---|---|---|---|\n{table}\n\n## Machine\n\n{machine}\n"
    )


def main() -> int:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--idle_seconds", type=float, default=60.0)
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/results/page.md")
    given = parser.parse_args()
    expect.set_options(timeout=PATIENCE)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = launch(playwright)
        rows = measure(browser, Path(folder), given.rounds, given.idle_seconds)
        browser.close()
    given.output.write_text(report(rows, given.rounds), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
