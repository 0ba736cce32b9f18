"""The view of the documents, without a browser."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event

import gradio as gr
import pytest

from carrel.core.access import Principal
from carrel.core.documents import IncomingFile
from carrel.core.errors import Unavailable
from carrel.services.ingestion.file_ingestion import FileIngestion
from carrel.settings.schema import Settings
from carrel.ui.documents.documents_tab import DocumentsTab
from carrel.ui.scope.scope_chooser import ScopeChooser
from carrel.ui.shell.events import Guard
from carrel.ui.state.session import Session
from running.shared_readers import build


class WaitingEmbedder:
    """Embeds once it may."""

    name = "waiting"
    dimension = 4

    def __init__(self) -> None:
        self.resume = Event()

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector per text."""
        assert self.resume.wait(60), "nobody asked the job to stop"
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """Return the vector."""
        return [1.0, 0.0, 0.0, 0.0]


async def test_an_upload_shown_while_the_server_closes_asks_no_closed_store(
    make_settings: Callable[..., Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = WaitingEmbedder()
    monkeypatch.setattr(FileIngestion, "interrupt", lambda _: embedder.resume.set())
    application = build(make_settings(engine="scripted"), embedder)
    services = application.services
    with gr.Blocks(analytics_enabled=False):
        guard = Guard(gr.HTML())
        tab = DocumentsTab(services, gr.State(), guard, ScopeChooser(services))
        tab.rows.wire(tab.refreshed)
    path = tmp_path / "ferry.txt"
    path.write_text("The ferry is called Heron.")
    await services.jobs.start([IncomingFile(path, path.name)], "UserData", Principal())
    session = Session()
    shown = tab.rows.follow_running(session=session)
    # At first what ran before; then the upload.
    for _ in range(3):
        await anext(shown)
    await application.close()
    with pytest.raises(Unavailable, match="shutting down"):
        async for _ in shown:
            pass
    [upload] = session.uploads.values()
    assert not upload.running
    assert upload.files[0].left_out
