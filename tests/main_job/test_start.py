"""What happens at once when a server starts."""

from __future__ import annotations

import subprocess
import sys

import pytest

from repetitions import thorough
from running.real_processes import ROOT, clean_environment

ALL_AT_ONCE = """
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from carrel.core.errors import ModelNotFound
from carrel.engine.build import model_loaders, score_spec
from carrel.engine.scoring.reward import RewardModel
from carrel.index.embedding.embedder import SentenceTransformerEmbedder
from carrel.settings.load import load_settings

given = {"base_model": "/nowhere", "score_model": "/nowhere", "offline": "True"}
settings = load_settings(given, {}).settings
half_way = Event()

def wait_inside(event, arguments):
    # The first thread stops in the middle of transformers until the others have come that far.
    if event == "import" and arguments[0] == "transformers.utils.import_utils":
        if not half_way.is_set():
            half_way.set()
            Event().wait(1)

sys.addaudithook(wait_inside)

def model():
    try:
        model_loaders(settings)[0].load()
    except ModelNotFound:
        pass

def score_model():
    scorer = RewardModel(score_spec(settings))
    scorer.start()
    try:
        scorer.wait_until_ready()
    except ModelNotFound:
        pass

def embedder():
    SentenceTransformerEmbedder("bundled", offline=True).embed_query("text")

with ThreadPoolExecutor(3) as threads:
    jobs = {"model": model, "score_model": score_model, "embedder": embedder}
    first = threads.submit(jobs.pop(sys.argv[1]))
    assert half_way.wait(60)
    for loading in [first, *map(threads.submit, jobs.values())]:
        loading.result()
"""


@pytest.mark.parametrize("first", ["embedder", thorough("model"), thorough("score_model")])
def test_models_and_embedder_can_be_imported_at_once(first: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ALL_AT_ONCE, first],
        capture_output=True,
        text=True,
        env=clean_environment(),
        cwd=ROOT / "src",
        check=False,
    )
    assert done.returncode == 0, done.stderr
