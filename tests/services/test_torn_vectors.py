"""A kill while Chroma overwrites its files costs no embedding."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from carrel.core.access import Principal
from carrel.core.documents import USER_DATA, IncomingFile
from carrel.index.chroma.write_guard import WriteGuard
from carrel.settings.schema import Settings
from running.shared_readers import build
from tiny.counting_embedder import CountingEmbedder

ME = Principal()


async def test_a_torn_collection_is_whole_again_without_embedding(
    make_settings: Callable[..., Settings], tmp_path: Path
) -> None:
    settings = make_settings(engine="scripted", chunk_size=100, chunk_overlap=0)
    journal = tmp_path / "journal"
    application = build(settings, CountingEmbedder(journal))
    path = tmp_path / "long.txt"
    path.write_text("\n\n".join(f"Heron {number} {'x' * 80}" for number in range(1200)))
    file = IncomingFile(path, path.name)
    async for _ in application.services.ingestion.ingest([file], USER_DATA, ME):
        pass
    collection = await application.services.collections.get(USER_DATA, ME)
    await application.close()
    embedded = len(journal.read_text().splitlines())
    assert embedded == 1200

    folder = settings.storage.db_dir / "chroma"
    [header] = folder.glob("*/header.bin")
    with (
        pytest.raises(OSError, match="killed"),
        WriteGuard(folder).writing(collection.id, grows=True),
    ):
        header.write_bytes(header.read_bytes()[:50])
        raise OSError("killed")
    application = build(settings, CountingEmbedder(journal))
    assert application.indexes.vectors.count(collection.id) == 1200
    await application.close()
    assert len(journal.read_text().splitlines()) == embedded
