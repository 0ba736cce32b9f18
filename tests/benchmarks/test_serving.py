"""The serving benchmark's prompts and figures, and a run of it with small settings."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from repetitions import Repetitions
from running.real_processes import ROOT, clean_environment
from serving_load import Load, Outcome, Served, load, load_with_shared_prefix
from serving_report import Figures, page


@pytest.fixture(scope="module")
def tokenizer(models_dir: Path) -> Tokenizer:
    from carrel.engine.loading.bundled import bundled_model

    return Tokenizer.from_file(str(bundled_model(models_dir) / "tokenizer.json"))


def test_prompts_have_the_wanted_length_and_none_begins_like_another(tokenizer: Tokenizer) -> None:
    def count(text: str) -> int:
        return len(tokenizer.encode(text).ids)

    made = [
        load(8, tokens, 64, f"{tokens} {turn}", count) for tokens in (30, 800) for turn in (1, 2)
    ]
    texts = [text for each in made for prompts in each.prompts for text in prompts]
    assert len({text[:8] for text in texts}) == len(texts) == 32
    assert [count(text) for text in texts[:16]] == pytest.approx([30] * 16, abs=1)
    assert [count(text) for text in texts[16:]] == pytest.approx([800] * 16, abs=1)


def test_one_user_alone_asks_four_times_in_turn() -> None:
    assert [len(each) for each in load(1, 30, 64, "s", len).prompts] == [4]
    assert [len(each) for each in load(3, 30, 64, "s", len).prompts] == [1, 1, 1]


def test_a_shared_prefix_is_the_same_for_all_but_the_end() -> None:
    made = load_with_shared_prefix(4, 300, 64, "s", lambda text: len(text.split()))
    (first,), (second,), *_ = made.prompts
    shared = next(at for at in range(len(first)) if first[at] != second[at])
    assert len(first[:shared].split()) == 270


def test_loads_and_outcomes_survive_the_way_between_the_processes() -> None:
    asked = Load([["a"], ["b"]], 64)
    assert Load.from_json(asked.to_json()) == asked
    outcome = Outcome(2.0, [Served(0.1, 1.1, 11, 30)])
    assert Outcome.from_json(outcome.to_json()) == outcome


def figures(seconds: float, first: float) -> Figures:
    answers = [Served(first * each, first * each + 1, 11, 60) for each in range(1, 21)]
    return Figures([Outcome(seconds, answers), Outcome(2 * seconds, answers)], [100, 300])


def test_the_page_has_medians_ratios_and_what_the_server_costs() -> None:
    systems = {"carrel": figures(4, 0.02), "locked": figures(8, 0.1), "bare": figures(3.6, 0.01)}
    text = page({("30 tokens of prompt", 8): systems}, ["a note"], {"machine": "small"})
    assert "| carrel | 41.2 | 2.00 | 0.210 | 0.380 | 100.0 | 300 | 2 |" in text
    assert "| locked | 20.6 | 1.00 |" in text
    assert "costs 10.0% of the bare engine's throughput and 105 ms" in text
    assert "- machine: small" in text


def test_a_small_run_compares_real_servers(
    models_dir: Path, tmp_path: Path, repetitions: Repetitions
) -> None:
    users = ["2", "1"][: repetitions(1, thorough=2)]
    systems = ["carrel", "bare", "locked"][: repetitions(2, thorough=3)]
    output = tmp_path / "serving.md"
    small = [
        f"--systems={','.join(systems)}",
        f"--users={','.join(users)}",
        "--prompt_tokens=30",
        "--rounds=1",
    ]
    small += ["--new_tokens=8", f"--models_dir={models_dir}", f"--output={output}"]
    ran = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "serving.py", *small],
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=550,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    text = output.read_text()
    shown = [line.split(" | ")[0] for line in text.splitlines() if line.startswith("| ")]
    assert sorted(shown) == sorted(f"| {name}" for name in ("system", *systems) for _ in users)
    assert "failed" not in text
    assert text.count("answers 8 to 8.") == len(users)
