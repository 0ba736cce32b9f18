"""The benchmark of vector stores at the size of a toy, and its report."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import vector_stores
import vector_stores_report as report
from running.real_processes import ROOT, clean_environment
from vector_stores_data import document, exact

LANCE = ("lance", "lance_pq", "lance_hnsw")
SIZE = 600


def run(folder: Path, stores: tuple[str, ...]) -> dict[str, dict[str, float]]:
    """Run the benchmark and return the figures of each store."""
    figures = folder / "figures.jsonl"
    command = [
        sys.executable,
        str(ROOT / "benchmarks" / "vector_stores.py"),
        f"--figures={figures}",
        f"--sizes={SIZE}",
        "--rounds=1",
        "--limit=120",
        f"--stores={','.join(stores)}",
        f"--output={folder / 'page.md'}",
    ]
    ran = subprocess.run(
        command, env=clean_environment(), capture_output=True, text=True, timeout=300, check=False
    )
    assert ran.returncode == 0, ran.stderr
    lines = [json.loads(line) for line in figures.read_text().splitlines()]
    return {line["store"]: line for line in lines}


def check(found: dict[str, float]) -> None:
    assert "failed" not in found
    assert found["written"] == SIZE
    # So few are searched almost one by one.
    assert found["search_recall"] > 0.95
    assert found["within_recall"] > 0.95
    assert found["memory_mib"] > found["own_memory_mib"] > 0
    assert found["acknowledged"] > 0
    assert (found["lost"], found["lost_before"], found["finds_new"]) == (0, 0, 1)


def test_carrels_own_stores_are_filled_measured_and_killed(tmp_path: Path) -> None:
    found = run(tmp_path, ("chroma", "faiss"))
    for store in ("chroma", "faiss"):
        check(found[store])
    assert found["faiss"]["deleted_on_disk"] == 0
    assert "| figure | chroma | faiss |" in (tmp_path / "page.md").read_text()


def test_lancedb_is_measured_where_it_is_installed(tmp_path: Path) -> None:
    pytest.importorskip("lancedb", reason="lancedb is no dependency of Carrel")
    found = run(tmp_path, LANCE)
    for store in LANCE:
        check(found[store])
    # Written once, for all three.
    assert len({found[store]["write_s"] for store in LANCE}) == 1


def test_a_step_that_takes_too_long_is_recorded() -> None:
    found = vector_stores.in_another_process(0.01, "--step", "recover", "faiss", "", "0", "1")
    assert found == {"failed": "recover: more than 0 s"}


def test_the_nearest_of_a_question_within_documents_are_of_those_documents() -> None:
    truth = exact(SIZE)
    for documents, nearest in zip(truth["named"], truth["nearest_within"], strict=True):
        assert len(nearest) == len(set(nearest)) == 10
        assert {chunk_id.split("-")[0] for chunk_id in nearest} <= set(documents)
    best = max(document(0)[1] @ truth["questions"][0])
    assert -1 <= best <= 1.0001


def test_the_page_has_medians_ratios_and_what_did_not_end() -> None:
    lines = [
        {"store": "faiss", "size": 100, "written": 100, "write_s": seconds, "lost": 1}
        for seconds in (1.0, 3.0, 2.0)
    ]
    lines += [
        {"store": "lance", "size": 100, "written": 100, "write_s": 6.0},
        {"store": "chroma", "size": 100, "written": 64, "write_s": 9.0, "batch": 64},
        {"store": "lance_pq", "size": 100, "failed": "fill: more than 5 s"},
    ]
    page = report.page(lines)
    assert "| rounds | 0 | 3 | 1 | 0 |" in page
    assert "| writing, s | – | 2 | 6 | – |" in page
    assert "| of them lost or changed | – | 3 | – | – |" in page
    assert "| writing, s | – | 3 | – | – |" in page
    assert "- chroma, 64 vectors per `add`: 64 in 9 s, then ended" in page
    assert "- lance_pq: fill: more than 5 s" in page
    assert "Decision" not in page


def test_the_decision_is_kept() -> None:
    lines = [{"store": "faiss", "size": 100, "written": 100, "write_s": 1.0}]
    page = report.page(lines, "an older page\n\n## Decision\n\nAs it was.\n")
    assert "older" not in page
    assert page.endswith("\n\n## Decision\n\nAs it was.\n")
