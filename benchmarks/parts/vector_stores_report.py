"""The page of ``vector_stores.py``: medians, and ratios of LanceDB to the other stores."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from environment import describe_environment

Lines = Sequence[dict[str, Any]]
Summary = Callable[[Iterable[float]], float]

DECISION = "## Decision"
"""The rest of the page, from here, is written by hand and kept."""

STORES = ("chroma", "faiss", "lance", "lance_pq", "lance_hnsw")
PACKAGES = ("faiss-cpu", "lancedb", "pyarrow", "numpy")

FIGURES: dict[str, tuple[str, Summary]] = {
    "batch": ("vectors per `add`, at most", statistics.median),
    "write_s": ("writing, s", statistics.median),
    "longest_add_s": ("longest `add`, s", statistics.median),
    "ready_s": ("writing and making files and indexes, s", statistics.median),
    "disk_mib": ("disk, MiB", statistics.median),
    "import_s": ("loading the library and opening an empty store, s", statistics.median),
    "start_s": ("opening and the first search, s", statistics.median),
    "search_p50_ms": ("search p50, ms", statistics.median),
    "search_p95_ms": ("search p95, ms", statistics.median),
    "search_recall": ("recall@10", statistics.median),
    "within_p50_ms": ("search in five documents p50, ms", statistics.median),
    "within_p95_ms": ("search in five documents p95, ms", statistics.median),
    "within_recall": ("recall@10 in five documents", statistics.median),
    "memory_mib": ("memory after the searches, MiB", statistics.median),
    "own_memory_mib": ("of it no pages of files, MiB", statistics.median),
    "delete_s": ("deleting one document, s", statistics.median),
    "deleted_on_disk": ("rounds with a deleted vector left in the files", sum),
    "recovery_s": ("opening after the kill and the first search, s", statistics.median),
    "acknowledged": ("acknowledged chunks before the kills", sum),
    "lost": ("of them lost or changed", sum),
    "lost_before": ("earlier chunks lost", sum),
    "finds_new": ("share of openings that find a new chunk", statistics.mean),
    "load": ("load average of the machine before the searches", statistics.median),
}
COMPARED = (
    "write_s",
    "ready_s",
    "disk_mib",
    "start_s",
    "search_p50_ms",
    "search_p95_ms",
    "within_p50_ms",
    "within_p95_ms",
    "memory_mib",
    "delete_s",
    "recovery_s",
)


def page(lines: Lines, earlier: str = "") -> str:
    """Return the page of all figures, with the decision of an earlier page."""
    parts = [
        "# Vector stores: Chroma, FAISS, LanceDB",
        "",
        "Made by `python benchmarks/vector_stores.py`, which says how. `lance` has no index of",
        "the vectors, `lance_pq` has IVF_PQ, `lance_hnsw` IVF_HNSW_SQ; all have scalar indexes of",
        "chunks and documents. A dash: not measured, because an earlier step took too long.",
    ]
    for size in sorted({line["size"] for line in lines}):
        parts += ["", *size_part([line for line in lines if line["size"] == size], size)]
    versions = {name: _version(name) for name in PACKAGES} | describe_environment()
    parts += ["", f"Measured on {date.today()}:", ""]
    parts += [f"- {name}: {value}" for name, value in versions.items()]
    return "\n".join(parts) + "\n\n" + "".join(earlier.partition(DECISION)[1:])


def size_part(lines: Lines, size: int) -> list[str]:
    """Return the tables of one size."""
    stores = [each for each in STORES if any(line["store"] == each for line in lines)]
    summaries = {store: _summary(_whole(lines, store)) for store in stores}
    rows = [["rounds", *(str(len(_whole(lines, store))) for store in stores)]]
    for key, (title, _) in FIGURES.items():
        rows.append([title, *(_number(summaries[store].get(key)) for store in stores)])
    return [
        f"## {size:,} vectors",
        "",
        *_table(["figure", *stores], rows),
        "",
        *_unfinished(lines),
        *_ratios(summaries),
    ]


def _whole(lines: Lines, store: str) -> list[dict[str, Any]]:
    """Return the lines of a store that was filled."""
    return [
        line | {"ready_s": line["write_s"] + line.get("settle_s", 0)}
        for line in lines
        if line["store"] == store and line.get("written", 0) >= line["size"]
    ]


def _summary(lines: Lines) -> dict[str, float]:
    found = {}
    for key, (_, summarize) in FIGURES.items():
        values = [line[key] for line in lines if key in line]
        if values:
            found[key] = summarize(values)
    return found


def _unfinished(lines: Lines) -> list[str]:
    """Return a line for each store that did not get to the end."""
    found = []
    for line in lines:
        if "failed" in line:
            found.append(f"- {line['store']}: {line['failed']}")
        elif line["written"] < line["size"]:
            each = f"{line['store']}, {line['batch']} vectors per `add`"
            found.append(f"- {each}: {line['written']:,} in {line['write_s']:.0f} s, then ended")
    return [*found, ""] if found else []


def _ratios(summaries: dict[str, dict[str, float]]) -> list[str]:
    pairs = [
        (ours, other)
        for ours in summaries
        for other in ("chroma", "faiss")
        if ours.startswith("lance") and other in summaries
    ]
    if not pairs:
        return []
    rows = []
    for key in COMPARED:
        cells = []
        for ours, other in pairs:
            values = summaries[ours].get(key), summaries[other].get(key)
            cells.append(_number(values[0] / values[1] if all(values) else None))
        rows.append([FIGURES[key][0], *cells])
    heads = ["figure", *(f"{ours} / {other}" for ours, other in pairs)]
    return ["LanceDB divided by the others; below 1 LanceDB is better:", "", *_table(heads, rows)]


def _table(heads: list[str], rows: list[list[str]]) -> list[str]:
    lines = [f"| {' | '.join(line)} |" for line in (heads, *rows)]
    return [lines[0], "|---" * len(heads) + "|", *lines[1:]]


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
