"""Addresses of arXiv papers."""

from __future__ import annotations

import re

_NEW = r"\d{4}\.\d{4,5}(?:v\d{1,3})?"
_OLD = r"[a-z][a-z-]{1,15}(?:\.[a-z]{2})?/\d{7}(?:v\d{1,3})?"
_IDENTIFIER = rf"(?P<identifier>{_NEW}|{_OLD})"
_NAMED = re.compile(rf"arxiv:\s?{_IDENTIFIER}", re.IGNORECASE)
_LINKED = re.compile(
    rf"(?:https?://)?(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html|format|ps)/{_IDENTIFIER}"
    r"(?:\.pdf)?/?(?:[?#].*)?",
    re.IGNORECASE,
)


def arxiv_pdf(text: str) -> str | None:
    """Return the address of the paper's PDF; None if the text names no paper of arXiv.

    Accepts ``arxiv:ID`` and links to a paper's pages, with or without a version.
    """
    written = text.strip()
    match = _NAMED.fullmatch(written) or _LINKED.fullmatch(written)
    return match and f"https://arxiv.org/pdf/{match['identifier'].lower()}"
