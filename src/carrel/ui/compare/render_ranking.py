"""Renders the ranking of models. Pure functions; everything is escaped here."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

from carrel.core.votes import Vote
from carrel.services.arena.arena import Ranking, as_csv, as_jsonl
from carrel.ui.i18n.texts import ENGLISH, Texts


def ranking_html(ranking: Ranking, votes: Sequence[Vote], texts: Texts = ENGLISH) -> str:
    """Return the table of models, the votes of each pair, and links to the votes as files."""
    if not ranking.ranks:
        body = f'<p class="ranking-note">{texts.html("ranking.empty")}</p>'
    else:
        apart = len({each.group for each in ranking.ranks}) > 1
        rows = "".join(
            f'<tr><td>{place}</td><th scope="row">{escape(each.model)}</th>'
            f"<td>{each.rating:.0f} ± {each.margin:.0f}</td><td>{texts.number(each.votes)}</td>"
            f"{f'<td>{each.group + 1}</td>' if apart else ''}</tr>"
            for place, each in enumerate(ranking.ranks, start=1)
        )
        pairs = "".join(
            f"<li>{_pair(one, other, count, texts)}</li>" for one, other, count in ranking.pairs
        )
        columns = ("place", "model", "rating", "votes", *(["group"] if apart else []))
        heads = "".join(f"<th>{texts.html(f'ranking.{each}')}</th>" for each in columns)
        method = " ".join(
            texts.html(f"ranking.{each}") for each in ("method", "apart")[: 1 + apart]
        )
        body = (
            f'<table class="ranking"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
            f'<p class="ranking-note">{method}</p><details class="passage">'
            f"<summary>{texts.html('ranking.pairs')}</summary><ul>{pairs}</ul></details>"
        )
    return (
        f'<section class="ranking-part"><h2>{texts.html("ranking.title")}</h2>'
        f"{body}{_files(votes)}</section>"
    )


def _pair(one: str, other: str, count: int, texts: Texts) -> str:
    votes = texts.counted("count.vote", count)
    return texts.html("ranking.pair", one=one, other=other, votes=votes)


def _files(votes: Sequence[Vote]) -> str:
    if not votes:
        return ""
    files = (
        ("votes.csv", "text/csv", as_csv(votes)),
        ("votes.jsonl", "application/jsonl", as_jsonl(votes)),
    )
    links = "".join(
        f'<a download="{name}" href="data:{kind};base64,'
        f'{base64.b64encode(text.encode()).decode()}">{name}</a>'
        for name, kind, text in files
    )
    return f'<p class="ranking-links">{links}</p>'
