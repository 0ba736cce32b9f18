"""What is asked of a system under test, and what came of it; shared by all processes."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import count
from typing import Any

VOCABULARY = (
    "river stone lamp garden winter market bridge paper window harbor mountain letter forest "
    "silver kitchen engine island summer village clock shadow copper orchard valley painter "
    "thunder ladder meadow candle station carpet mirror blanket feather chimney basket"
)
TASK = " Tell a very long story about these things."

CountTokens = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Load:
    """Requests of some users at once: each user sends its prompts one after the other."""

    prompts: Sequence[Sequence[str]]
    new_tokens: int

    def to_json(self) -> str:
        """Return one line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> Load:
        """Read what ``to_json`` wrote."""
        return cls(**json.loads(line))


@dataclass(frozen=True, slots=True)
class Served:
    """One answer. Times are in seconds since its request was sent."""

    first: float
    last: float
    tokens: int
    prompt_tokens: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """All answers of a load, and the seconds from the first request to the end of the last."""

    seconds: float
    answers: Sequence[Served]

    @property
    def tokens(self) -> int:
        """Tokens that were written."""
        return sum(answer.tokens for answer in self.answers)

    def to_json(self) -> str:
        """Return one line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> Outcome:
        """Read what ``to_json`` wrote."""
        fields: dict[str, Any] = json.loads(line)
        return cls(fields["seconds"], [Served(**each) for each in fields["answers"]])


def prompt(tokens: int, seed: str, count_tokens: CountTokens) -> str:
    """Return a text of that many tokens; texts of different seeds differ from the start on."""
    chosen, words = random.Random(seed), VOCABULARY.split()
    text = f"{chosen.randrange(10**6)}"
    while count_tokens(text + TASK) < tokens:
        text += " " + chosen.choice(words)
    return text + TASK


def load(
    users: int, prompt_tokens: int, new_tokens: int, seed: str, count_tokens: CountTokens
) -> Load:
    """Return prompts that no other user, round or seed has; one user alone sends four in turn."""
    each = max(1, 4 // users)
    numbers = count()
    return Load(
        [
            [prompt(prompt_tokens, f"{seed}/{next(numbers)}", count_tokens) for _ in range(each)]
            for _ in range(users)
        ],
        new_tokens,
    )


def load_with_shared_prefix(
    users: int, prompt_tokens: int, new_tokens: int, seed: str, count_tokens: CountTokens
) -> Load:
    """Return prompts of that length whose last 30 tokens alone differ, as in a shared document."""
    own = load(users, 30, new_tokens, seed, count_tokens)
    shared = prompt(prompt_tokens - 30, "shared", count_tokens)
    return Load([[f"{shared} {text}" for text in texts] for texts in own.prompts], new_tokens)
