"""Names of settings: the former ones, and the nearest to a misspelt one."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from types import MappingProxyType

RENAMED: Mapping[str, str] = MappingProxyType(
    {
        "least_evidence": "min_relevance",
        "digests": "summaries",
        "digest_style": "summary_style",
        "digest_part_tokens": "summary_part_tokens",
        "digest_parallel_parts": "summary_parallel_parts",
    }
)
"""Former names of settings and sections, and what they are called now."""


def nearest_hint(name: str, known: list[str]) -> str:
    """Return the name that a renamed or misspelt one should have, as a sentence, or nothing."""
    if name in RENAMED:
        return f" It is called {RENAMED[name]} now."
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f" Did you mean {close[0]}?" if close else ""
