"""The figures of ``benchmarks/serving.py`` and their page."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from serving_load import Outcome, Served

Case = tuple[str, int]
"""The kind of prompt, and the users at once."""

HEADINGS = (
    "system",
    "tokens/s",
    "of locked",
    "first token, median s",
    "p95 s",
    "between tokens, ms",
    "peak MiB",
    "rounds",
)


@dataclass(slots=True)
class Figures:
    """What one system did in one case, over all rounds."""

    outcomes: list[Outcome] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)

    @property
    def answers(self) -> list[Served]:
        """The answers of all rounds."""
        return [answer for outcome in self.outcomes for answer in outcome.answers]

    @property
    def tokens_per_second(self) -> float:
        """The median over the rounds."""
        return statistics.median(each.tokens / each.seconds for each in self.outcomes)

    @property
    def first_token(self) -> float:
        """Seconds to the first text, median over all requests."""
        return statistics.median(answer.first for answer in self.answers)

    @property
    def first_token_p95(self) -> float:
        """Seconds to the first text within which 95 of 100 requests had it."""
        ordered = sorted(answer.first for answer in self.answers)
        return ordered[max(0, -(-len(ordered) * 95 // 100) - 1)]

    @property
    def between_tokens(self) -> float:
        """Milliseconds from one token to the next in one answer, median over all requests."""
        return 1000 * statistics.median(
            (answer.last - answer.first) / max(1, answer.tokens - 1) for answer in self.answers
        )


Results = Mapping[Case, Mapping[str, Figures]]


def table(systems: Mapping[str, Figures]) -> list[str]:
    """Return the rows of one case."""
    locked = systems.get("locked")
    lines = ["| " + " | ".join(HEADINGS) + " |", "|" + "---|" * len(HEADINGS)]
    for name, each in systems.items():
        ratio = f"{each.tokens_per_second / locked.tokens_per_second:.2f}" if locked else ""
        cells = [
            name,
            f"{each.tokens_per_second:.1f}",
            ratio,
            f"{each.first_token:.3f}",
            f"{each.first_token_p95:.3f}",
            f"{each.between_tokens:.1f}",
            f"{max(each.memory):.0f}",
            str(len(each.outcomes)),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def server_cost(systems: Mapping[str, Figures]) -> list[str]:
    """Say what Carrel's server costs beside its bare engine."""
    if not {"carrel", "bare"} <= systems.keys():
        return []
    served, alone = systems["carrel"], systems["bare"]
    share = 1 - served.tokens_per_second / alone.tokens_per_second
    later = 1000 * (served.first_token - alone.first_token)
    return [
        "",
        f"The server costs {share:.1%} of the bare engine's throughput and {later:.0f} ms of its "
        "time to the first token.",
    ]


def token_counts(systems: Mapping[str, Figures]) -> str:
    """Say how long prompts and answers were, as the systems counted them."""
    prompts = sorted({a.prompt_tokens for each in systems.values() for a in each.answers})
    made = sorted({a.tokens for each in systems.values() for a in each.answers})
    return (
        f"Prompts had {prompts[0]} to {prompts[-1]} tokens with their chat template, answers "
        f"{made[0]} to {made[-1]}."
    )


def page(results: Results, notes: Sequence[str], environment: Mapping[str, str]) -> str:
    """Return the result as a Markdown page."""
    lines = ["# Serving", "", "Made by `python benchmarks/serving.py`.", "", *notes]
    for (kind, users), systems in results.items():
        lines += ["", f"## {kind}, {users} user{'s' if users > 1 else ''} at once", ""]
        lines += [*table(systems), "", token_counts(systems), *server_cost(systems)]
    lines += ["", "## Measured on", ""]
    lines += [f"- {name}: {value}" for name, value in environment.items()]
    return "\n".join([*lines, ""])
