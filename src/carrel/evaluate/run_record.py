"""Stored record of a run, for comparison."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from carrel.core.errors import InvalidRequest, PathNotFound
from carrel.evaluate.figures import Figure, ranks_by_definition
from carrel.evaluate.metrics import hit_at
from carrel.evaluate.runner import DEPTH
from carrel.evaluate.scoring import Judged

VERSION = 1


@dataclass(frozen=True, slots=True)
class RunRecord:
    """The figures of a run and its settings.

    ``questions`` is the SHA-256 of the file of questions; ``done`` of ``total`` were asked.
    ``curves`` has hit@1 to hit@10 for each definition of a hit.
    """

    collection: str
    questions: str
    done: int
    total: int
    made_at: str
    figures: tuple[Figure, ...]
    curves: Mapping[str, Sequence[float]] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return the record as JSON."""
        return json.dumps({"version": VERSION} | asdict(self), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def read(cls, path: Path) -> RunRecord:
        """Return the record of a ``results.json``.

        Raises:
            PathNotFound: there is no such file.
            InvalidRequest: it is not a record of a run.
        """
        try:
            given = json.loads(path.read_text(encoding="utf-8"))
            if given.pop("version") != VERSION:
                raise ValueError("it is of another version")
            figures = tuple(Figure(**each) for each in given.pop("figures"))
            return cls(figures=figures, **given)
        except (FileNotFoundError, IsADirectoryError) as error:
            raise PathNotFound(f"There is no file {path} to compare with.") from error
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise InvalidRequest(f"{path} is no results.json of an evaluation: {error}.") from error


def curves_of(judged: Sequence[Judged]) -> dict[str, list[float]]:
    """Return the share of questions with a hit among the first 1 to 10, by definition of a hit."""
    return {
        name: [hit_at(ranks, cutoff) or 0.0 for cutoff in range(1, DEPTH + 1)]
        for name, ranks in ranks_by_definition(judged).items()
    }


def question_line(judged: Judged) -> str:
    """Return one question with its passages' ranks and its answer as a line of JSON."""
    reply = judged.reply
    body: dict[str, Any] = {
        "line": judged.asked.line,
        "question": judged.asked.question,
        "accepted": judged.asked.answers,
        "document": judged.asked.document,
        "pages": judged.asked.pages,
        "ranks": asdict(judged.ranks),
        "retrieval_seconds": round(judged.retrieval, 4),
    }
    if reply is not None:
        body |= {
            "answer": reply.text,
            "abstained": judged.abstained,
            "exact": judged.exact,
            "f1": round(judged.f1, 4),
            "contained": judged.contained,
            "quotes": [
                {"document": each.document, "page": each.page, "quote": each.quote}
                for each in reply.sources
                if each.quote
            ],
            "verbatim": judged.verbatim,
            "from_a_right_passage": judged.supporting,
            "first_token_seconds": None if reply.first is None else round(reply.first, 4),
            "whole_seconds": round(reply.whole, 4),
        }
    return json.dumps(body, ensure_ascii=False)
