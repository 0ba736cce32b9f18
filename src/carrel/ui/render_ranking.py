"""The ranking of models as HTML. Pure functions; everything is escaped here."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

from carrel.core.votes import Vote
from carrel.services.arena import Ranking, as_csv, as_jsonl
from carrel.ui.render import counted

EMPTY = (
    '<p class="ranking-note">No votes yet. Compare blind and vote: the models are ranked here.</p>'
)
METHOD = (
    "Bradley-Terry ratings on Elo’s scale with 95 % intervals. Ties, and both bad, "
    "count half for each. Every model also has one imagined game, half won, against an average "
    "one, which keeps few votes from saying too much."
)
APART = " Models of different groups never met, so their ratings cannot be compared."


def ranking_html(ranking: Ranking, votes: Sequence[Vote]) -> str:
    """Return the table of models, the votes of each pair, and links to the votes as files."""
    if not ranking.ranks:
        body = EMPTY
    else:
        apart = len({each.group for each in ranking.ranks}) > 1
        rows = "".join(
            f'<tr><td>{place}</td><th scope="row">{escape(each.model)}</th>'
            f"<td>{each.rating:.0f} ± {each.margin:.0f}</td><td>{each.votes:,}</td>"
            f"{f'<td>{each.group + 1}</td>' if apart else ''}</tr>"
            for place, each in enumerate(ranking.ranks, start=1)
        )
        pairs = "".join(
            f"<li>{escape(one)} and {escape(other)}: {counted(count, 'vote')}</li>"
            for one, other, count in ranking.pairs
        )
        body = (
            '<table class="ranking"><thead><tr><th>Place</th><th>Model</th><th>Rating</th>'
            f"<th>Votes</th>{'<th>Group</th>' if apart else ''}</tr></thead>"
            f"<tbody>{rows}</tbody></table>"
            f'<p class="ranking-note">{METHOD}{APART if apart else ""}</p>'
            f'<details class="passage"><summary>Votes of each pair</summary><ul>{pairs}</ul>'
            "</details>"
        )
    return f'<section class="ranking-part"><h2>Leaderboard</h2>{body}{_files(votes)}</section>'


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
