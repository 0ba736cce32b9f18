"""The models view: those in service, and loading and unloading them."""

from __future__ import annotations

from typing import Any

import gradio as gr

from carrel.core.errors import InvalidRequest
from carrel.core.models import ModelRequest, ModelStatus
from carrel.services.application import Services
from carrel.services.models import ModelService
from carrel.ui.actions import actions_script, chosen
from carrel.ui.compare_choices import CompareChoices
from carrel.ui.events import Guard, Inputs, Updates
from carrel.ui.render_models import models_html
from carrel.ui.session import Session

HEAD = (
    '<h1 class="search-title">Models</h1>'
    '<p class="compare-hint">Models in service. The first one answers where none is chosen.</p>'
)
CHECK_SECONDS = 1.0
PRECISIONS = [("As the server", ""), ("8 bit", "8"), ("4 bit", "4")]


class ModelsTab:
    """Builds the view; ``wire`` connects it to the services and to the choosers of models."""

    def __init__(self, services: Services, session: gr.State, guard: Guard) -> None:
        self._services = services
        self._models = ModelService(services.models)
        self._session = session
        self._guard = guard
        self.clock = gr.Timer(CHECK_SECONDS, active=False)
        with gr.Column(elem_id="models-view", elem_classes="view"):
            gr.HTML(HEAD, elem_id="models-head", apply_default_css=False, js_on_load=None)
            self.table = gr.HTML(
                "",
                elem_id="models-table",
                apply_default_css=False,
                js_on_load=actions_script("unload_model"),
            )
            with gr.Row(elem_id="load-row"):
                self.base = _field("load-model", "Hub name, folder or GGUF file")
                self.name = _field("load-name", "Name to serve it by (optional)")
                self.adapter = _field("load-adapter", "LoRA adapter (optional)")
                self.server = _field("load-server", "Remote server (optional)")
                self.precision = gr.Dropdown(
                    PRECISIONS, value="", label="Precision", elem_id="load-precision", min_width=0
                )
                self.load = gr.Button("Load", elem_id="load-button", variant="primary", scale=0)

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
        """Begin to load a model; the table shows how far it is, or why it failed."""
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
        """Take a model and the adapters over it out of service."""
        await self._models.unload(chosen(event), session.principal)
        return await self.look(session=session, chosen_model=chosen_model)

    async def look(self, *, session: Session, chosen_model: str | None = None) -> Updates:
        """Show where each model stands; look again while one loads."""
        states = self._models.states(session.principal)
        loading = any(each.status is ModelStatus.LOADING for each in states)
        ready = [each.name for each in self._services.models.models()]
        shown: Updates = {self.table: self._table(session), self.clock: gr.Timer(active=loading)}
        if loading:
            return shown
        # The model that was chosen stays chosen as long as it is there.
        kept = chosen_model if chosen_model in ready else next(iter(ready), None)
        return {
            **shown,
            **self._compared.filled(),
            self._model: gr.Dropdown(choices=ready, value=kept, visible=len(ready) > 1),
        }

    async def refresh(self, *, session: Session) -> Updates:
        """Show the figures as they are now."""
        return {self.table: self._table(session)}

    def _table(self, session: Session) -> str:
        states = self._models.states(session.principal)
        speeds = {each.name: self._services.chat.speeds.of(each.name) for each in states}
        return models_html(states, {name: each for name, each in speeds.items() if each})


def _field(name: str, label: str) -> gr.Textbox:
    return gr.Textbox(label=label, elem_id=name, lines=1, max_lines=1, min_width=0)
