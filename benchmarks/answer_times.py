"""Time from a question over documents to its first text and to the whole answer, stage by stage.

    python benchmarks/answer_times.py --xquad=FILE.json [--questions=N] [--output=FILE.md]

FILE.json is English XQuAD in SQuAD's format (google-deepmind/xquad, CC BY-SA 4.0), all articles in
one collection. Everything runs offline in one process with the bundled models, one question at a
time. Each question goes through every variant before the next one, so that a busy moment of the
machine falls upon all of them. A stage is timed where the running service calls it.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import aclosing
from datetime import date
from pathlib import Path
from typing import Any

from answers import COLLECTION, ME, Question, ingest, write_articles
from carrel import bootstrap
from carrel.core.chat import ChatRequest, Message, Role, SamplingParams, Scope, TextDelta
from carrel.services.chat import chat, extractive_qa
from carrel.settings.load import load_settings
from carrel.settings.process_environment import prepare_environment
from parts.environment import describe_environment

WARM_UP = 2
LONGEST_ANSWER = 96
VARIANTS: dict[str, dict[str, str]] = {
    "everything, as it is by default": {},
    "without abstention": {"min_relevance": "0"},
    "without rules for follow-ups": {"follow_up": "never"},
    "without picked sentences: the model writes from the passages": {"evidence": "passages"},
}
NO_DOCUMENTS = "without documents: the model alone"


class Stopwatch:
    """Seconds spent in each stage, one list per stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)

    def timed(self, stage: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """Return ``call`` with its time noted."""

        def run(*arguments: Any, **named: Any) -> Any:
            started = time.perf_counter()
            try:
                return call(*arguments, **named)
            finally:
                self.seconds[stage].append(time.perf_counter() - started)

        return run

    def timed_later(self, stage: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """Return the coroutine function ``call`` with its time noted."""

        async def run(*arguments: Any, **named: Any) -> Any:
            started = time.perf_counter()
            try:
                return await call(*arguments, **named)
            finally:
                self.seconds[stage].append(time.perf_counter() - started)

        return run


def watch(application: bootstrap.Application, stopwatch: Stopwatch) -> None:
    """Time the stages of the running service."""
    retrieval = application.services.retrieval
    timed, later = stopwatch.timed, stopwatch.timed_later
    retrieval._nearest = timed("search by meaning, the question embedded", retrieval._nearest)  # type: ignore[method-assign]
    retrieval._with_words = timed("search by words (beside it)", retrieval._with_words)  # type: ignore[method-assign]
    retrieval._load = timed("passages read", retrieval._load)  # type: ignore[method-assign]
    retrieval._ranked = timed("passages ranked", retrieval._ranked)  # type: ignore[method-assign]
    retrieval.search = later("retrieval in all", retrieval.search)  # type: ignore[method-assign]
    extractive_qa.find_evidence = timed("sentences picked", extractive_qa.find_evidence)
    chat.cite_answer = timed("citations checked", chat.cite_answer)


async def ask(
    application: bootstrap.Application, question: Question, documents: bool
) -> tuple[float, float]:
    """Return the seconds to the first text and to the end."""
    request = ChatRequest(
        (Message(Role.USER, question.text),),
        ME,
        sampling=SamplingParams(max_new_tokens=LONGEST_ANSWER),
        scope=Scope((COLLECTION,), top_k=8) if documents else None,
    )
    first, started = 0.0, time.perf_counter()
    async with aclosing(application.services.chat.answer(request)) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                first = first or time.perf_counter() - started
    return first, time.perf_counter() - started


async def measure(arguments: argparse.Namespace) -> list[str]:
    """Return the lines of both tables."""
    stopwatch = Stopwatch()
    times: dict[str, list[tuple[float, float]]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        files, questions = write_articles(arguments.xquad, Path(folder, "texts"))
        step = max(1, len(questions) // arguments.questions)
        asked = questions[::step][: arguments.questions]
        applications = {}
        try:
            for name, settings in VARIANTS.items():
                given = {
                    "db_dir": str(Path(folder, str(len(applications)))),
                    "models_dir": str(arguments.models_dir),
                    "offline": "True",
                    **settings,
                }
                application = bootstrap.build(load_settings(given, {}).settings)
                applications[name] = application
                await ingest(application, files)
                await asyncio.to_thread(application.wait_until_ready)
            usual = next(iter(applications))
            for number, question in enumerate([*asked[:WARM_UP], *asked]):
                if number == WARM_UP:
                    watch(applications[usual], stopwatch)
                    times.clear()
                for name, application in applications.items():
                    times[name].append(await ask(application, question, documents=True))
                times[NO_DOCUMENTS].append(await ask(applications[usual], question, False))
        finally:
            for application in applications.values():
                await application.close()
    return [*_whole(times), "", *_stages(stopwatch)]


def _middle(seconds: list[float]) -> str:
    return f"{1000 * statistics.median(seconds):.0f}"


def _whole(times: dict[str, list[tuple[float, float]]]) -> list[str]:
    lines = ["| way | first text, ms | whole answer, ms |", "|---|---|---|"]
    for name, pairs in times.items():
        first, whole = (_middle(list(each)) for each in zip(*pairs, strict=True))
        lines.append(f"| {name} | {first} | {whole} |")
    return lines


def _stages(stopwatch: Stopwatch) -> list[str]:
    lines = ["| stage of the first row | ms |", "|---|---|"]
    return lines + [f"| {name} | {_middle(each)} |" for name, each in stopwatch.seconds.items()]


def main() -> None:
    """Read the command line, measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--xquad", type=Path, required=True)
    parser.add_argument("--questions", type=int, default=40)
    parser.add_argument("--models_dir", type=Path, default=Path("models"))
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    prepare_environment(offline=True)
    tables = asyncio.run(measure(arguments))
    lines = [
        "# Time to an answer",
        "",
        f"Measured on {date.today().isoformat()} by `python benchmarks/answer_times.py",
        f"--xquad=FILE.json --questions={arguments.questions}`: medians, one question at a time,",
        f"each through every way before the next; answers of at most {LONGEST_ANSWER} tokens.",
        "Picked sentences are quoted, and the model then writes twelve tokens only.",
        "",
        *tables,
        "",
        *(f"- {name}: {value}" for name, value in describe_environment().items()),
        "",
    ]
    page = "\n".join(lines)
    print(page)
    if arguments.output is not None:
        arguments.output.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
