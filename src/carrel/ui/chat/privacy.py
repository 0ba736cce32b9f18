"""The line below the question box about data that leaves this machine."""

from __future__ import annotations

from typing import Any

import gradio as gr

from carrel.services.application import Services
from carrel.services.outward import Outward
from carrel.ui.i18n.texts import Texts
from carrel.ui.shell.events import Guard, Updates
from carrel.ui.state.listed_chats import BrowserPreferences
from carrel.ui.state.session import Session

LOOK = (
    "const look = () => document.visibilityState === 'visible' &&"
    " window.carrel?.reachable().then((reached) => reached && trigger('look_outward', {}));"
    "setInterval(look, 5000);"
    "window.addEventListener('focus', look);"
    "document.querySelector('#question')?.addEventListener('focusin', look);"
)
"""Models may be loaded and unloaded by the API and in other tabs. Gradio's timers are not used: a
tick that fails makes it reload the page, so that each restart of a server would lose a typed
question."""


def privacy_html(outward: Outward, texts: Texts) -> str:
    """Return the line for the data sent to other machines."""
    sent = {"engine": outward.engine, "embedder": outward.embedder, "store": outward.store}
    parts = [texts(f"composer.outward.{what}", host=host) for what, host in sent.items() if host]
    if not parts:
        return f'<p class="private">{texts.html("composer.private")}</p>'
    return f'<p class="private">{texts.html("composer.outward", parts="; ".join(parts))}</p>'


class PrivacyLine:
    """Builds the line; ``wire`` updates it with the selected and the loaded models."""

    def __init__(self, services: Services, model: gr.Dropdown) -> None:
        """Take the model chooser and the services."""
        self._services = services
        self._model = model
        self.line = gr.HTML("", elem_id="privacy", apply_default_css=False, js_on_load=LOOK)

    def shown(self, texts: Texts, model: str | None) -> Updates:
        """Return the line for a selected model."""
        return {self.line: self._html(texts, model)}

    def wire(self, blocks: gr.Blocks, guard: Guard, session: gr.State, browser: gr.Textbox) -> None:
        """Connect the events that change the line."""
        private: dict[str, Any] = {
            "outputs": [guard.notice, self.line],
            "queue": False,
            "api_visibility": "private",
            "show_progress": "hidden",
        }
        blocks.load(
            guard.once(self.opened, clears=False),
            inputs_kwargs={"browser": browser},
            js="() => [window.carrel.options()]",
            **private,
        )
        for event in (self._model.change, self.line.look_outward):
            event(
                guard.once(self.look, clears=False),
                inputs_kwargs={"model": self._model, "shown": self.line, "session": session},
                **private,
            )

    async def opened(self, *, browser: str) -> Updates:
        """Fill the line of a new page."""
        return self.shown(BrowserPreferences.read(browser).texts, None)

    async def look(self, *, model: str | None, shown: str | None, session: Session) -> Updates:
        """Update the line if it has changed."""
        html = self._html(session.preferences.texts, model)
        return {self.line: gr.skip() if html == shown else html}

    def _html(self, texts: Texts, model: str | None) -> str:
        states = self._services.models.states()
        return privacy_html(self._services.outward.asking(states, model), texts)
