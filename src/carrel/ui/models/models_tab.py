"""The models view: list, load and unload models."""

from __future__ import annotations

from typing import Any

import gradio as gr

from carrel.core.errors import InvalidRequest
from carrel.core.models import ModelRequest, ModelStatus
from carrel.services.application import Services
from carrel.services.models import ModelService
from carrel.ui.compare.compare_choices import CompareChoices
from carrel.ui.i18n.texts import ENGLISH, Texts
from carrel.ui.models.render_models import models_html
from carrel.ui.shell.actions import actions_script, chosen
from carrel.ui.shell.events import Guard, Inputs, Updates
from carrel.ui.state.session import Session

CHECK_SECONDS = 1.0
PRECISIONS = {"server": "", "8": "8", "4": "4"}
"""The text key and the settings of each precision."""


class ModelsTab:
    """Builds the view; ``wire`` connects it to the services and to the model choosers."""

    def __init__(self, services: Services, session: gr.State, guard: Guard) -> None:
        self._services = services
        self._models = ModelService(services.models)
        self._session = session
        self._guard = guard
        self.clock = gr.Timer(CHECK_SECONDS, active=False)
        with gr.Column(elem_id="models-view", elem_classes="view"):
            self._head = gr.HTML(
                _head_html(ENGLISH), elem_id="models-head", apply_default_css=False, js_on_load=None
            )
            self.table = gr.HTML(
                "",
                elem_id="models-table",
                apply_default_css=False,
                js_on_load=actions_script("unload_model"),
            )
            with gr.Row(elem_id="load-row"):
                self.base = _field("load-model", ENGLISH("models.base"))
                self.name = _field("load-name", ENGLISH("models.name"))
                self.adapter = _field("load-adapter", ENGLISH("models.adapter"))
                self.server = _field("load-server", ENGLISH("models.server"))
                self.precision = gr.Dropdown(
                    _precisions(ENGLISH),
                    value="",
                    label=ENGLISH("models.precision"),
                    elem_id="load-precision",
                    min_width=0,
                )
                self.load = gr.Button(
                    ENGLISH("models.load"), elem_id="load-button", variant="primary", scale=0
                )

    def in_language(self, texts: Texts) -> Updates:
        """Return the static parts in a language."""
        return {
            self._head: _head_html(texts),
            self.base: gr.update(label=texts("models.base")),
            self.name: gr.update(label=texts("models.name")),
            self.adapter: gr.update(label=texts("models.adapter")),
            self.server: gr.update(label=texts("models.server")),
            self.precision: gr.update(label=texts("models.precision"), choices=_precisions(texts)),
            self.load: gr.update(value=texts("models.load")),
        }

    def wire(self, model: gr.Dropdown, compared: CompareChoices, links: gr.HTML) -> None:
        """Connect the events; ``model`` is the chat's chooser, ``links`` lead to the views."""
        self._model, self._compared = model, compared
        private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        shown = [self._guard.notice, self.table, self.clock, model, *compared.outputs]
        own: Inputs = {"session": self._session, "chosen_model": model}
        entered: Inputs = {
            **own,
            "base": self.base,
            "name": self.name,
            "adapter": self.adapter,
            "server": self.server,
            "precision": self.precision,
        }
        for event, handler, inputs in (
            (self.load.click, self.begin, entered),
            (self.table.unload_model, self.unload, own),
        ):
            event(
                self._guard.once(handler),
                inputs_kwargs=inputs,
                outputs=shown,
                queue=False,
                **private,
            )
        self.clock.tick(
            self._guard.once(self.look, clears=False),
            inputs_kwargs=own,
            outputs=shown,
            queue=False,
            **private,
        )
        links.look_models(
            self._guard.once(self.refresh, clears=False),
            inputs_kwargs={"session": self._session},
            outputs=[self._guard.notice, self.table],
            queue=False,
            **private,
        )

    async def begin(
        self, *, base: str, session: Session, chosen_model: str | None, **options: str
    ) -> Updates:
        """Start to load a model; the table shows its progress, or why it failed."""
        if not base.strip():
            raise InvalidRequest("Name a model first: of the hub, a folder or a GGUF file.")
        request = ModelRequest(
            base_model=base.strip(),
            name=options["name"].strip() or None,
            lora_weights=tuple(each for each in [options["adapter"].strip()] if each),
            load_8bit=True if options["precision"] == "8" else None,
            load_4bit=True if options["precision"] == "4" else None,
            inference_server=options["server"].strip() or None,
        )
        await self._models.load(request, session.principal, wait=False)
        return await self.look(session=session, chosen_model=chosen_model)

    async def unload(
        self, event: gr.EventData, *, session: Session, chosen_model: str | None
    ) -> Updates:
        """Unload a model and its adapters."""
        await self._models.unload(chosen(event), session.principal)
        return await self.look(session=session, chosen_model=chosen_model)

    async def look(self, *, session: Session, chosen_model: str | None = None) -> Updates:
        """Show the state of each model; refresh while one loads."""
        states = self._models.states(session.principal)
        loading = any(each.status is ModelStatus.LOADING for each in states)
        ready = [each.name for each in self._services.models.models()]
        shown: Updates = {self.table: self._table(session), self.clock: gr.Timer(active=loading)}
        if loading:
            return shown
        # The selected model is kept while it exists.
        kept = chosen_model if chosen_model in ready else next(iter(ready), None)
        return {
            **shown,
            **self._compared.filled(session.preferences.texts),
            self._model: gr.Dropdown(choices=ready, value=kept, visible=len(ready) > 1),
        }

    async def refresh(self, *, session: Session) -> Updates:
        """Refresh the figures."""
        return {self.table: self._table(session)}

    def _table(self, session: Session) -> str:
        states = self._models.states(session.principal)
        speeds = {each.name: self._services.chat.speeds.of(each.name) for each in states}
        shown = {name: each for name, each in speeds.items() if each}
        return models_html(states, shown, session.preferences.texts)


def _head_html(texts: Texts) -> str:
    return (
        f'<h1 class="search-title">{texts.html("models.title")}</h1>'
        f'<p class="compare-hint">{texts.html("models.hint")}</p>'
    )


def _precisions(texts: Texts) -> list[tuple[str, str]]:
    return [(texts(f"models.precision.{name}"), value) for name, value in PRECISIONS.items()]


def _field(name: str, label: str) -> gr.Textbox:
    return gr.Textbox(label=label, elem_id=name, lines=1, max_lines=1, min_width=0)
