"""Fail on phrases that the project's vocabulary replaces.

python scripts/phrases.py

Prints ``path:line: phrase: what to write`` for each occurrence in code and prose, identifiers
included, and exits 1 if there are any.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

PATHS = (
    *("src", "tests", "scripts", "benchmarks", "docs"),
    *("README.md", "CONTRIBUTING.md", "pyproject.toml", "Makefile"),
)
"""Checked files and folders."""

SUFFIXES = {".py", ".md", ".json", ".js", ".css", ".html", ".sh", ".toml"}

EXCLUDED = (
    "scripts/phrases.py",
    "tests/architecture/test_phrases.py",
    "benchmarks/results",
    "src/carrel/ui/assets/texts/de.json",
)
"""Files that list the phrases, recorded results, and German."""

PHRASES = {
    r"stands?(?![_-]in)|stood": "is, occurs, is written",
    r"go(?:es|ing)? on|went on|gone on": "continue, resume",
    r"anew": "again",
    r"(?:un)?told": "reported, shown, known",
    r"heed(?:s|ed)?": "focus, attention",
    r"kin": "related ones",
    r"of late": "recent",
    r"doors?": "interface",
    r"(?<!reading )rooms?": "package; space, memory",
    r"stations?": "step",
    r"put in": "added",
    r"(?:is|are|was|were) away": "is down, does not answer",
    r"leave (?:it|them|one|one of them) out": "remove it, cannot be combined",
    r"not known here": "unknown, not supported",
    r"whoever": "the caller, the reader, anyone who",
    r"lies in": "is in",
    r"of (?:its|their) own accord": "unprompted",
    r"as long as there is": "while there is",
    r"nothing is told": "nothing is reported",
}
"""Regular expressions of phrases, with what to write instead."""

PROMPTS = {
    "benchmarks/parts/serving_load.py": ("station",),
    "src/carrel/services/chat/grounding.py": ("stand",),
    "src/carrel/services/summaries/summary_prompts.py": ("stand", "heed"),
    "tests/contracts/test_table_cases.py": ("station",),
}
"""Phrases in prompts, which were measured with these words, and in documents of others."""

# An underscore separates words of an identifier; a hyphen makes another word ("stand-in").
_PATTERNS = [
    (
        re.compile(rf"(?<![A-Za-z0-9-])(?:{phrase})(?![A-Za-z0-9-])".replace(" ", r"[\s_]"), re.I),
        use,
    )
    for phrase, use in PHRASES.items()
]


@dataclass(frozen=True)
class Finding:
    """An occurrence of a phrase; ``line`` counts from 1."""

    path: str
    line: int
    phrase: str
    use: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.phrase}: write {self.use}"


def findings_in(path: str, text: str) -> Iterator[Finding]:
    """Yield the phrases in a text, in the order of its lines."""
    for number, line in enumerate(text.splitlines(), 1):
        for pattern, use in _PATTERNS:
            for found in pattern.finditer(line):
                if found[0].lower() in PROMPTS.get(path, ()):
                    continue
                yield Finding(path, number, found[0], use)


def checked_files() -> Iterator[Path]:
    """Yield the files to check, sorted."""
    for name in PATHS:
        place = ROOT / name
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            relative = path.relative_to(ROOT).as_posix()
            if path.suffix in SUFFIXES and not relative.startswith(EXCLUDED):
                yield path


def main() -> int:
    """Print all occurrences; return 1 if there are any."""
    count = 0
    for path in checked_files():
        name = path.relative_to(ROOT).as_posix()
        for finding in findings_in(name, path.read_text(encoding="utf-8")):
            print(finding)
            count += 1
    return int(count > 0)


if __name__ == "__main__":
    sys.exit(main())
