"""Progress rows of documents being ingested, shown until the next upload."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

import gradio as gr

from carrel.core.errors import JobNotFound
from carrel.core.jobs import JobState
from carrel.services.application import Services
from carrel.ui.documents.render_documents import uploads_html
from carrel.ui.i18n.texts import ENGLISH, Texts
from carrel.ui.shell.events import Guard, Updates
from carrel.ui.state.running import Running
from carrel.ui.state.session import Session
from carrel.ui.state.upload import Upload

UPDATE_INTERVAL = 0.2
"""Minimum seconds between two updates of an upload's rows."""


class JobRows:
    """Builds the rows and the cancel button; ``wire`` connects it.

    New jobs are followed here.
    """

    def __init__(self, services: Services, session: gr.State, guard: Guard) -> None:
        self._services = services
        self._session = session
        self._guard = guard
        self.uploads = gr.HTML("", elem_id="uploads", apply_default_css=False, js_on_load=None)
        self.cancel = gr.Button(
            ENGLISH("documents.cancel"), elem_id="cancel-button", visible=False, scale=0
        )

    @property
    def outputs(self) -> list[gr.HTML | gr.Button]:
        """What changes while a job is followed, besides the table of documents."""
        return [self.uploads, self.cancel]

    def in_language(self, texts: Texts) -> Updates:
        """Return the static parts in a language."""
        return {self.cancel: gr.update(value=texts("documents.cancel"))}

    def wire(self, refreshed: Callable[[Session], Awaitable[Updates]]) -> None:
        """Connect the button; ``refreshed`` renders the table after each document."""
        self._refreshed = refreshed
        self.cancel.click(
            self._guard.once(self.stop_uploads),
            inputs_kwargs={"session": self._session},
            outputs=[self._guard.notice],
            queue=False,
            api_visibility="private",
            show_progress="hidden",
        )

    def shown(self, session: Session) -> Updates:
        """Return the current rows, in the language of the session."""
        return {self.uploads: uploads_html(session.uploads.values(), session.preferences.texts)}

    async def follow_running(self, *, session: Session) -> AsyncGenerator[Updates]:
        """Show the running jobs on a new page."""
        # Gradio clears the outputs of a generator that yields nothing.
        yield self._progress(session)
        jobs = self._services.jobs
        for job in reversed(await jobs.jobs(session.principal)):
            if job.state.has_ended or jobs.progress(job) is None:
                continue
            upload = Upload(growing=True)
            if job.web is None:
                upload = Upload.of([each.name for each in await jobs.files(job)])
            async with aclosing(self.follow(job.id, upload, session)) as steps:
                async for updates in steps:
                    yield updates

    async def follow(
        self, job_id: str, upload: Upload, session: Session
    ) -> AsyncGenerator[Updates]:
        """Show the progress of a job until it ends."""
        if not any(each.running for each in session.uploads.values()):
            session.uploads.clear()
        session.uploads[job_id] = upload
        jobs = self._services.jobs
        yield self._progress(session)
        events = Running(jobs.follow(job_id, session.principal))
        cancelled = False
        try:
            async with aclosing(events.batches(UPDATE_INTERVAL)) as batches:
                async for batch in batches:
                    done = upload.done
                    for event in batch:
                        upload.apply(event)
                    updates = self._progress(session)
                    if upload.done != done:
                        updates |= await self._refreshed(session)
                    yield updates
            # Not after an error: when the server stops, the store may be closed.
            cancelled = await self._was_cancelled(job_id, session)
        finally:
            upload.end(stopped=cancelled)
        yield self._progress(session) | await self._refreshed(session)

    async def _was_cancelled(self, job_id: str, session: Session) -> bool:
        try:
            job = await self._services.jobs.job(job_id, session.principal)
        except JobNotFound:
            # It was deleted with its collection.
            return True
        return job.state is JobState.CANCELLED

    def _progress(self, session: Session) -> Updates:
        running = any(each.running for each in session.uploads.values())
        return {**self.shown(session), self.cancel: gr.Button(visible=running)}

    async def stop_uploads(self, *, session: Session) -> Updates:
        """Cancel the running jobs; ingested files are kept."""
        for job_id, upload in list(session.uploads.items()):
            if upload.running:
                await self._services.jobs.cancel(job_id, session.principal)
        return {}
