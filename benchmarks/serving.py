"""Many users at once, measured: Carrel, a locked server, transformers serve, llama.cpp.

    python benchmarks/serving.py --output=benchmarks/results/serving.md

All systems run the bundled model on this machine, one at a time; their users are a process of
their own and speak HTTP. Every user wants 64 new tokens, greedily. Each round starts every system
again (starting and one answer to warm up are not counted), so that a slow spell of the machine
meets all of them. No two prompts of a run begin alike. A case that took a system more than
``--longest`` seconds is not repeated in later rounds: the column "rounds" says so.

The systems: ``carrel`` is ``python generate.py``, and ``carrel-plain`` the same in the number
format of the others, by name; ``locked`` the same model behind one lock with ``generate``, h2oGPT's
way; ``transformers`` and ``transformers-batching`` are ``transformers serve`` without and with its
continuous batching; ``llama.cpp`` its own server, and ``carrel-llamacpp`` Carrel's over
llama-cpp-python, both with the model's 4-bit file; ``bare`` is Carrel's engine without a server.
What is not installed is left out and named.

``--rounds_file`` keeps every round in a JSON file, and a run that finds one there adds its rounds:
what takes an hour can be measured in parts, while nothing else runs.

A smaller run: ``--systems=carrel,locked,bare --users=1,8 --rounds=1 --prompt_tokens=30``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tokenizers import Tokenizer

from carrel.engine.loading.bundled import bundled_gguf, bundled_model
from parts.environment import describe_environment

sys.path.insert(0, str(Path(__file__).resolve().parent / "parts"))

from serving_load import Load, Outcome, load, load_with_shared_prefix
from serving_report import Case, Figures, page
from serving_systems import Choices, Contender, contenders, started

SHARED = "shared prefix"
MEASURED = ("uvicorn", "httpx", "llama-cpp-python", "xllamacpp")


def default_dtype() -> str:
    """Return the weights' format by ``--dtype=auto``, asked in another process: torch is big."""
    program = "from carrel.engine.loading.placement import default_dtype; print(default_dtype())"
    asked = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    return asked.stdout.strip().removeprefix("torch.")


def make_load(kind: str, users: int, seed: str, choices: Choices, count: Callable) -> Load:
    """Return the load of a case."""
    if kind.endswith(SHARED):
        tokens = int(kind.split()[0])
        return load_with_shared_prefix(users, tokens, choices.new_tokens, seed, count)
    return load(users, int(kind.split()[0]), choices.new_tokens, seed, count)


class Benchmark:
    """Runs the rounds and keeps the figures."""

    def __init__(self, choices: Choices, cases: Sequence[Case], longest: float) -> None:
        self._choices = choices
        self._longest = longest
        tokenizer = Tokenizer.from_file(str(choices.model_folder / "tokenizer.json"))
        self._count = lambda text: len(tokenizer.encode(text, add_special_tokens=False))
        self.results: dict[Case, dict[str, Figures]] = {case: {} for case in cases}

    def run_round(self, number: int, contender: Contender) -> None:
        """Start a system and measure all cases that it did not take too long for."""
        cases = [case for case in self.results if not self._slow(case, contender.name)]
        if not cases:
            return
        warm_up = load(1, 30, 4, f"warm up {number}", self._count)
        with started(contender, warm_up) as system:
            for case in cases:
                kind, users = case
                asked = make_load(
                    kind, users, f"{kind} {users} {number}", self._choices, self._count
                )
                outcome, memory = system.measure(asked)
                figures = self.results[case].setdefault(contender.name, Figures())
                figures.outcomes.append(outcome)
                figures.memory.append(memory)
                speed = outcome.tokens / outcome.seconds
                print(
                    f"round {number} {contender.name}: {kind}, {users} users: {speed:.1f} tokens/s",
                    file=sys.stderr,
                    flush=True,
                )

    @property
    def rounds(self) -> int:
        """How many rounds were run."""
        return max(
            (len(each.outcomes) for case in self.results.values() for each in case.values()),
            default=0,
        )

    def read(self, file: Path) -> None:
        """Take in the rounds of earlier runs; cases that are not measured now are left out."""
        for kind, users, name, outcomes, memory in json.loads(file.read_text(encoding="utf-8")):
            if (kind, users) in self.results:
                figures = self.results[kind, users].setdefault(name, Figures())
                figures.outcomes += [Outcome.from_json(json.dumps(each)) for each in outcomes]
                figures.memory += memory

    def write(self, file: Path) -> None:
        """Keep all rounds."""
        kept = [
            [kind, users, name, [asdict(each) for each in figures.outcomes], figures.memory]
            for (kind, users), systems in self.results.items()
            for name, figures in systems.items()
        ]
        file.write_text(json.dumps(kept), encoding="utf-8")

    def _slow(self, case: Case, name: str) -> bool:
        done = self.results[case].get(name)
        return done is not None and done.outcomes[-1].seconds > self._longest


def versions() -> dict[str, str]:
    """Return the versions of what only this benchmark measures."""
    found = {}
    for name in MEASURED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def listed(text: str) -> list[str]:
    """Split at commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--systems", type=listed, help="comma-separated; all that are installed")
    parser.add_argument("--users", type=listed, default=["1", "8", "32"])
    parser.add_argument("--prompt_tokens", type=listed, default=["30", "800"])
    parser.add_argument("--shared_prefix", type=int, default=0, help="users of one more case")
    parser.add_argument("--new_tokens", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--longest", type=float, default=45, help="seconds; see above")
    parser.add_argument("--engine", default="auto", help="Carrel's engine")
    parser.add_argument("--dtype", default="auto", help="number format of all but llama.cpp")
    parser.add_argument("--models_dir", type=Path, default=Path("models"))
    parser.add_argument("--gguf", type=Path, help="file for llama.cpp; the bundled one")
    parser.add_argument("--carrel_flags", type=str.split, default=[], help="more flags for Carrel")
    parser.add_argument("--serve_flags", type=str.split, default=[], help="more for transformers")
    parser.add_argument("--rounds_file", type=Path)
    parser.add_argument("--output", type=Path)
    return parser.parse_args()


def chosen(choices: Choices, names: Sequence[str] | None) -> tuple[list[Contender], list[str]]:
    """Return the systems to run, and a note on those that cannot run here."""
    known = contenders(choices)
    if unknown := set(names or ()) - {each.name for each in known}:
        raise SystemExit(f"no such system: {', '.join(sorted(unknown))}")
    wanted = [each for each in known if names is None or each.name in names]
    left_out = [f"Left out: {each.name}: {each.missing}." for each in wanted if each.missing]
    return [each for each in wanted if not each.missing], left_out


def main() -> None:
    """Measure, print and write."""
    given = arguments()
    models_dir = given.models_dir.resolve()
    folder = bundled_model(models_dir)
    choices = Choices(
        models_dir=models_dir,
        model_folder=folder,
        gguf=(given.gguf or bundled_gguf()).resolve(),
        dtype=given.dtype,
        plain_dtype=default_dtype() if given.dtype == "auto" else given.dtype,
        new_tokens=given.new_tokens,
        engine=given.engine,
        carrel_flags=given.carrel_flags,
        serve_flags=given.serve_flags,
        users=max(map(int, given.users)),
    )
    longest_prompt = max(map(int, given.prompt_tokens))
    choices = replace(choices, context=-(-(longest_prompt + given.new_tokens + 96) // 64) * 64)
    kinds = [f"{tokens} tokens of prompt" for tokens in given.prompt_tokens]
    cases: list[Case] = [(kind, int(users)) for kind in kinds for users in given.users]
    if given.shared_prefix:
        cases.append((f"{longest_prompt} tokens of prompt, {SHARED}", given.shared_prefix))
    systems, left_out = chosen(choices, given.systems)
    benchmark = Benchmark(choices, cases, given.longest)
    if given.rounds_file is not None and given.rounds_file.exists():
        benchmark.read(given.rounds_file)
    before = benchmark.rounds
    for number in range(before + 1, before + given.rounds + 1):
        for contender in list(systems):
            try:
                benchmark.run_round(number, contender)
            except (RuntimeError, subprocess.CalledProcessError) as error:
                print(error, file=sys.stderr, flush=True)
                left_out.append(f"Stopped in round {number}: {contender.name}; it failed.")
                systems.remove(contender)
        if given.rounds_file is not None:
            benchmark.write(given.rounds_file)
    notes = [
        f"{choices.new_tokens} new tokens for each request, greedily. Number format: Carrel's "
        f"`--dtype={choices.dtype}`, llama.cpp's {choices.gguf.name}, the others' "
        f"{choices.plain_dtype}. Median of {benchmark.rounds} rounds, each of which runs all "
        "systems one after the other. Carrel's engine: "
        f"`--engine={given.engine}`; its further flags: {' '.join(given.carrel_flags) or 'none'}.",
        *(line for text in left_out for line in ("", text)),
    ]
    environment = {**describe_environment(), **versions(), "date": date.today().isoformat()}
    text = page(benchmark.results, notes, environment)
    print(text)
    if given.output is not None:
        given.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
