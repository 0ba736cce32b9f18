"""Memory during ingestion does not grow with the number of files."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path

from carrel.core.access import Principal
from carrel.core.documents import FileOutcome, IncomingFile
from carrel.settings.schema import Settings
from running.shared_readers import build

FILES = 13
SETTLED = 7
"""Files after which caches and pools have what they keep."""

FILE_CHARACTERS = 20_000


class ConstantEmbedder:
    """Gives every text the same vector: here only what ingestion itself keeps is looked at."""

    name = "constant"
    dimension = 8

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector per text."""
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """Return the vector."""
        return [1.0] + [0.0] * 7


async def test_nothing_of_a_finished_file_stays_in_memory(
    make_settings: Callable[..., Settings], tmp_path: Path
) -> None:
    files = []
    for index in range(FILES):
        path = tmp_path / f"{index}.txt"
        path.write_text("".join(f"File {index}, line {line}.\n" for line in range(1200)))
        assert path.stat().st_size > FILE_CHARACTERS
        files.append(IncomingFile(path, path.name))
    application = build(make_settings(engine="scripted"), ConstantEmbedder())
    held: list[int] = []
    tracemalloc.start()
    try:
        async for event in application.services.ingestion.ingest(files, "UserData", Principal()):
            if isinstance(event, FileOutcome):
                assert event.document is not None
                assert event.document.chunks > 20
                gc.collect()
                held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
        await application.close()
    # If the text of each file stayed, the last six would add 120,000 bytes.
    assert held[-1] - held[SETTLED - 1] < FILE_CHARACTERS * (FILES - SETTLED) / 4
