"""HTML report of a run, in one self-contained file."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from carrel.evaluate.comparison import cautions, compare
from carrel.evaluate.figures import HIT_DEFINITIONS
from carrel.evaluate.plot import curve_plot
from carrel.evaluate.run_record import RunRecord
from carrel.evaluate.scoring import Judged

STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "table{border-collapse:collapse;width:100%}"
    "td,th{border-bottom:1px solid #ddd;padding:.3rem .6rem;text-align:left;vertical-align:top}"
    "td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}"
    "svg{max-width:40rem;width:100%}"
)


def report_page(record: RunRecord, judged: Sequence[Judged], other: RunRecord | None) -> str:
    """Return the report: figures, optionally beside another run's, a plot, each question."""
    done = f"{record.done} of {record.total} questions" if record.done < record.total else None
    title = f"Evaluation of {record.collection}"
    parts = [
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}'
        f"</title><style>{STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
        f"<p>{escape(done or f'{record.done} questions')}, {escape(record.made_at)}.</p>",
        *(f"<p>{escape(each)}</p>" for each in (cautions(record, other) if other else [])),
        _figures(record, other),
        "<h2>Found among the first k passages</h2>",
        curve_plot(_curves(record, other), "Share of questions with a hit among the first k"),
        "<p>What counts as found: ",
        "; ".join(f"<b>{name}</b>: {escape(HIT_DEFINITIONS[name])}" for name in record.curves),
        ".</p>",
        "<h2>Questions</h2>",
        _questions(judged),
        "<h2>Settings</h2>",
        _table(["setting", "value"], [[*pair] for pair in record.settings.items()], numbers=0),
        "</body></html>",
    ]
    return "\n".join(parts) + "\n"


def _curves(record: RunRecord, other: RunRecord | None) -> dict[str, Sequence[float]]:
    curves = dict(record.curves)
    if other is not None:
        curves |= {f"{name} (other)": values for name, values in other.curves.items()}
    return curves


def _figures(record: RunRecord, other: RunRecord | None) -> str:
    if other is None:
        rows = [[each.name, each.shown, str(each.count)] for each in record.figures]
        return _table(["figure", "value", "n"], rows, numbers=2)
    compared = compare(record, other)
    sides = [[each.name, each.this, each.other, each.difference] for each in compared]
    return _table(["figure", "this run", "other run", "difference"], sides, numbers=3)


def _questions(judged: Sequence[Judged]) -> str:
    rows = []
    for each in judged:
        ranks = each.ranks
        found = [
            f"{name} {rank}"
            for name, rank in (
                ("page", ranks.page),
                ("answer", ranks.answer),
                ("document", ranks.document),
            )
            if rank is not None
        ]
        answer = each.reply.text if each.reply is not None else ""
        rows.append(
            [
                each.asked.question,
                " / ".join(each.asked.answers) or "(not in the documents)",
                ", ".join(found) or ("not found" if each.asked.answers else ""),
                answer,
            ]
        )
    return _table(["question", "right answer", "rank of the first hit", "answer"], rows, numbers=0)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: int) -> str:
    """Return a table; the last ``numbers`` columns are numbers."""
    first = len(head) - numbers

    def line(cells: Sequence[str], tag: str) -> str:
        opened = [f"<{tag}>"] * first + [f'<{tag} class="number">'] * numbers
        pairs = zip(opened, cells, strict=True)
        return "".join(f"{start}{escape(cell)}</{tag}>" for start, cell in pairs)

    body = "".join(f"<tr>{line(row, 'td')}</tr>" for row in rows)
    return f"<table><tr>{line(head, 'th')}</tr>{body}</table>"
