"""The panel with this tab's answer settings."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import gradio as gr

from carrel.core.chat import SuggestedSampling
from carrel.services.application import Services
from carrel.settings.schema import Settings
from carrel.ui.i18n.texts import ENGLISH, Texts
from carrel.ui.shell.events import Guard, Inputs, Updates
from carrel.ui.state.answer_options import defaults_of
from carrel.ui.state.session import Session

TOGGLE = (
    "(session) => { const open = document.body.toggleAttribute('data-answer-settings');"
    "document.getElementById('answer-settings-button')"
    "?.setAttribute('aria-expanded', String(open)); return [session]; }"
)
CLOSED = (
    "const closed = () => {"
    "const button = document.getElementById('answer-settings-button');"
    "if (!button) { requestAnimationFrame(closed); return; }"
    "const open = document.body.hasAttribute('data-answer-settings');"
    "button.setAttribute('aria-expanded', String(open)); };"
    "closed();"
)
"""Sets the button's state to closed, once it exists."""

STEPS = {"temperature": 0.1, "top_p": 0.05, "repetition_penalty": 0.05}


class AnswerSettings:
    """Builds the panel; ``inputs`` are its fields by name, for the event handler."""

    def __init__(self, settings: Settings) -> None:
        self._defaults = defaults_of(settings)
        with gr.Column(elem_id="answer-settings"):
            prompt = gr.Textbox(
                self._defaults["system_prompt"],
                label=ENGLISH("answer.system_prompt"),
                lines=2,
                max_lines=5,
            )
            with gr.Row(elem_id="answer-fields"):
                numbers = {
                    name: self._number(name)
                    for name in (
                        "temperature",
                        "top_p",
                        "repetition_penalty",
                        "max_new_tokens",
                        "top_k",
                    )
                }
                style = gr.Dropdown(
                    _styles(ENGLISH),
                    value=self._defaults["answer_style"],
                    label=ENGLISH("answer.answer_style"),
                    filterable=False,
                    min_width=120,
                )
            with gr.Row(elem_id="answer-foot"):
                self.tokens = gr.HTML(
                    "", elem_id="answer-tokens", apply_default_css=False, js_on_load=CLOSED
                )
                self.suggested = gr.Button(
                    ENGLISH("answer.suggested"), elem_id="answer-suggested", visible=False, scale=0
                )
                self.back = gr.Button(ENGLISH("answer.back"), elem_id="answer-back", scale=0)
        self.inputs: Inputs = {"system_prompt": prompt, **numbers, "answer_style": style}

    def _number(self, name: str) -> gr.Number:
        return gr.Number(
            self._defaults[name],
            label=ENGLISH(f"answer.{name}"),
            # Decimals are left as typed; counts are whole numbers.
            precision=None if name in STEPS else 0,
            step=STEPS.get(name, 1),
            min_width=120,
        )

    def wire(self, services: Services, guard: Guard, session: gr.State, button: gr.Button) -> None:
        """Connect opening, the token count, and the reset."""
        self._services = services
        private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        button.click(
            guard.once(self.count, clears=False),
            inputs_kwargs={"session": session},
            outputs=[guard.notice, self.tokens],
            js=TOGGLE,
            queue=False,
            **private,
        )
        self.back.click(
            guard.once(self.reset),
            outputs=[guard.notice, *self.inputs.values()],
            queue=False,
            **private,
        )

    def wire_model(self, guard: Guard, model: gr.Dropdown, button: gr.Button) -> None:
        """Offer the model's recommended sampling when the panel is opened or the model changes."""
        private: dict[str, Any] = {
            "inputs_kwargs": {"model": model},
            "queue": False,
            "api_visibility": "private",
            "show_progress": "hidden",
        }
        for event in (button.click, model.change):
            event(
                guard.once(self.offer, clears=False),
                outputs=[guard.notice, self.suggested],
                **private,
            )
        self.suggested.click(
            guard.once(self.suggest), outputs=[guard.notice, *self.inputs.values()], **private
        )

    async def offer(self, *, model: str | None) -> Updates:
        """Offer the model's recommended sampling, if it has any."""
        return {self.suggested: gr.Button(visible=self._suggestion(model) is not None)}

    async def suggest(self, *, model: str | None) -> Updates:
        """Fill in the recommended values; missing ones become the default."""
        suggestion = self._suggestion(model)
        if suggestion is None:
            return await self.reset()
        return {
            self.inputs[name]: self._defaults[name] if value is None else value
            for name, value in asdict(suggestion).items()
        }

    def _suggestion(self, model: str | None) -> SuggestedSampling | None:
        found = {each.name: each.suggested for each in self._services.models.models()}
        return found.get(model) if model else next(iter(found.values()), None)

    async def reset(self) -> Updates:
        """Reset all fields to the server's defaults."""
        return {field: self._defaults[name] for name, field in self.inputs.items()}

    async def count(self, *, session: Session) -> Updates:
        """Show how much of the context the last answer used."""
        texts = session.preferences.texts
        finished = session.exchanges[-1].finished if session.exchanges else None
        if finished is None:
            return {self.tokens: texts.html("answer.tokens.none")}
        used = finished.usage.prompt_tokens + finished.usage.completion_tokens
        lengths = {each.name: each.context_length for each in self._services.models.models()}
        context = lengths.get(finished.model)
        if context is None:
            return {self.tokens: texts.html("answer.tokens.none")}
        shown = {"used": texts.number(used), "context": texts.number(context)}
        return {self.tokens: texts.html("answer.tokens", **shown)}

    def in_language(self, texts: Texts) -> Updates:
        """Return the parts in a language."""
        updates: Updates = {
            field: gr.update(label=texts(f"answer.{name}")) for name, field in self.inputs.items()
        }
        style = self.inputs["answer_style"]
        updates[style] = gr.update(label=texts("answer.answer_style"), choices=_styles(texts))
        return updates | {
            self.back: gr.update(value=texts("answer.back")),
            self.suggested: gr.update(value=texts("answer.suggested")),
        }


def _styles(texts: Texts) -> list[tuple[str, str]]:
    return [(texts("answer.style.full"), "full"), (texts("answer.style.short"), "short")]
