"""How long Carrel takes to start: the command line, and the server up to its first answer.

    python benchmarks/start.py [--rounds=5] [--before=CHECKOUT] [--before_name=TEXT] [--output=FILE]

Each start is a fresh process over the same data folder, with the bundled model already converted.
With ``--before`` the sources of another checkout are started in turn with those of this one, by the
same Python, so that whatever else the machine does meets both.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx

from parts.environment import describe_environment

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 180.0
PAUSE = 0.02
QUESTION = {
    "messages": [{"role": "user", "content": "Why is drinking water so healthy?"}],
    "max_tokens": 16,
    "temperature": 0,
}
COMMANDS = (("--help",), ("check",))
LISTENING, ANSWERING, READY, PAGE, ANSWER, PROCESSOR = (
    "port open: s",
    "/health replies, with what is missing: s",
    "/health replies that all is ready: s",
    "page delivered: s",
    "first answer of the bundled model, 16 tokens: s",
    "processor time up to the first answer: s",
)


def environment_of(checkout: Path) -> dict[str, str]:
    """Return the environment of a process that runs the sources of a checkout."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CARREL_")}
    return {**kept, "PYTHONPATH": str(checkout / "src")}


def command_seconds(checkout: Path, words: tuple[str, ...]) -> tuple[float, float]:
    """Return how long a command line takes from its start to its end, and its processor time."""
    used, started = children_seconds(), time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "carrel", *words],
        env=environment_of(checkout),
        stdout=subprocess.DEVNULL,
        check=True,
        timeout=PATIENCE,
    )
    return time.perf_counter() - started, children_seconds() - used


def children_seconds() -> float:
    """Return the processor time of all processes that this one has started and that ended."""
    times = os.times()
    return times.children_user + times.children_system


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(holds: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"the server did not start (status {process.returncode})")
        time.sleep(PAUSE)


def server_seconds(checkout: Path, folder: Path) -> dict[str, float]:
    """Start the server once; return the seconds from the process's start to each event."""
    port = free_port()
    words = ["serve", f"--port={port}", f"--db_dir={folder / 'db'}", "--offline=True"]
    words += [f"--models_dir={folder / 'models'}", "--langchain_mode=LLM", "--log_level=error"]
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "carrel", *words], env=environment_of(checkout), cwd=folder
    )
    found: dict[str, float] = {}

    def is_open() -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", port)) == 0

    def note(name: str) -> None:
        found[name] = time.perf_counter() - started

    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
            until(is_open, process)
            note(LISTENING)
            client.get("/health")
            note(ANSWERING)
            client.get("/").raise_for_status()
            note(PAGE)
            until(lambda: client.get("/health").status_code == 200, process)
            note(READY)
            client.post("/v1/chat/completions", json=QUESTION).raise_for_status()
            note(ANSWER)
            found[PROCESSOR] = processor_seconds(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)
    return found


def processor_seconds(process: int) -> float:
    """Return the processor time that a process has taken."""
    import psutil

    times = psutil.Process(process).cpu_times()
    return float(times.user + times.system)


def measure(
    checkouts: Mapping[str, Path], rounds: int, folder: Path | None, with_server: bool
) -> dict[str, dict[str, list[float]]]:
    """Return the figures of every round, by what was measured and by checkout."""
    found: dict[str, dict[str, list[float]]] = {}

    def note(what: str, name: str, seconds: float) -> None:
        found.setdefault(what, {}).setdefault(name, []).append(seconds)

    with tempfile.TemporaryDirectory() as new:
        data = folder or Path(new)
        if folder is None and with_server:
            for name, checkout in checkouts.items():
                print(f"{name}: converting and reading everything once", flush=True)
                server_seconds(checkout, data)
        for each in range(rounds):
            # The one that comes first finds the machine in another state.
            order = list(checkouts.items())[:: 1 if each % 2 else -1]
            for name, checkout in order:
                for words in COMMANDS:
                    seconds, processor = command_seconds(checkout, words)
                    note(f"`carrel {words[0]}`: s", name, seconds)
                    note(f"`carrel {words[0]}`, processor time: s", name, processor)
                if not with_server:
                    continue
                for what, seconds in server_seconds(checkout, data).items():
                    note(what, name, seconds)
            shown = {
                what: {name: f"{taken[-1]:.2f}" for name, taken in of.items()}
                for what, of in found.items()
            }
            print(f"round {each + 1}: {shown}", flush=True)
    return found


def report(
    found: Mapping[str, Mapping[str, list[float]]], names: list[str], rounds: int, before: str
) -> str:
    """Return the result as a page of Markdown."""
    ratio = len(names) > 1
    head = ["what", *(f"{name}: median (least to most)" for name in names)]
    lines = [head + (["ratio of medians"] if ratio else [])]
    lines.append(["---"] * len(lines[0]))
    for what, of in found.items():
        medians = [statistics.median(of[name]) for name in names]
        row = [what]
        for name, median in zip(names, medians, strict=True):
            row.append(f"{median:.2f} ({min(of[name]):.2f} to {max(of[name]):.2f})")
        lines.append(row + ([f"{medians[-1] / medians[0]:.2f}"] if ratio else []))
    table = "\n".join(f"| {' | '.join(row)} |" for row in lines)
    machine = "\n".join(f"- {name}: {value}" for name, value in describe_environment().items())
    machine += f"\n- load of the machine, 15 minutes: {os.getloadavg()[2]:.1f}"
    compared = (
        f"\n\nBefore: {before}. Both are started in turn, by the same Python. " if ratio else ""
    )
    return (
        "# Start\n\nMade by `python benchmarks/start.py`.\n\n"
        f"{rounds} starts, each a fresh process; files are in the page cache and the bundled model "
        "is converted. All figures of the server count from the start of its process."
        f"{compared}On a machine that does other work only the ratios mean something.\n\n"
        f"{table}\n\n## Machine\n\n{machine}\n"
    )


def main() -> int:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="holds db and models of earlier starts")
    parser.add_argument("--commands", action="store_true", help="start no server")
    parser.add_argument("--before", type=Path, help="another checkout to compare with")
    parser.add_argument("--before_name", default="the other checkout")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/results/start.md")
    given = parser.parse_args()
    checkouts = {"before": given.before.resolve()} if given.before else {}
    checkouts["now"] = ROOT
    found = measure(checkouts, given.rounds, given.folder, not given.commands)
    page = report(found, list(checkouts), given.rounds, given.before_name)
    given.output.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
