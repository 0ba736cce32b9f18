"""Environment variables of third-party libraries."""

from __future__ import annotations

import os
from pathlib import Path

VENDOR_VARIABLES = {
    # An idle OpenMP thread spins for long before it sleeps, which takes cores from others: 1 to
    # 3 tokens/s on two cores while documents are embedded, 7 to 9 with a bound of 2,000. Such a low
    # bound makes it sleep between layers, though, and waking takes longer than a layer: 235 ms for
    # a step of eight answers, 117 ms with 30,000; beside an embedder both are the same.
    "GOMP_SPINCOUNT": "30000",
    # oneDNN caches primitives for the last 1,024 shapes of a matrix, and every batch of texts
    # has a length of its own: 160 MB more after 1,300 chunks, still growing. Layers of one model
    # share their shapes, so that few are enough.
    "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "32",
    "ANONYMIZED_TELEMETRY": "False",
    "DO_NOT_TRACK": "1",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    # Of unstructured: a request when it is imported and with each call, and an advertisement.
    "SCARF_NO_ANALYTICS": "1",
    "UNSTRUCTURED_DISABLE_NOTICE": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


def prepare_environment(offline: bool) -> None:
    """Set what must be set before the libraries are imported; values of the user are kept.

    ``offline`` also tells the Hugging Face libraries never to connect.
    """
    for name, value in VENDOR_VARIABLES.items():
        os.environ.setdefault(name, value)
    if offline:
        os.environ["HF_HUB_OFFLINE"] = "1"


def keep_page_files_in(folder: Path) -> None:
    """Set Gradio's temporary folder to one of Carrel's; Gradio reads this when it is imported.

    Its default is a folder shared by all accounts of a machine.
    """
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
