"""The question box with its choosers and buttons."""

from __future__ import annotations

import gradio as gr

from carrel.services.application import Services
from carrel.ui.chat.answer_settings import AnswerSettings
from carrel.ui.chat.privacy import PrivacyLine
from carrel.ui.documents.render_documents import LEFT_OUT
from carrel.ui.i18n.texts import ENGLISH, Texts
from carrel.ui.scope.scope_chooser import ScopeChooser
from carrel.ui.shell.events import Guard, Updates
from carrel.ui.state.session import Session
from carrel.ui.state.tasks import ACTIONS, ASK, known_action


class Composer:
    """Builds the box. Its events are connected in the chat view."""

    def __init__(self, services: Services) -> None:
        with gr.Column(elem_id="composer"):
            self.answer = AnswerSettings(services.settings)
            self.scope = ScopeChooser(services)
            self.added = gr.HTML("", elem_id="added", apply_default_css=False, js_on_load=None)
            gr.HTML(LEFT_OUT, elem_id="added-left-out", apply_default_css=False, js_on_load=None)
            self.question = gr.Textbox(
                elem_id="question",
                show_label=False,
                label=ENGLISH("composer.question"),
                placeholder=ENGLISH("composer.placeholder"),
                lines=1,
                max_lines=8,
                autofocus=True,
                container=False,
            )
            # Hidden: the button and dropped files use its field.
            self.files = gr.File(file_count="multiple", elem_id="attach", show_label=False)
            with gr.Row(elem_id="composer-row"):
                self.attach = gr.Button(
                    ENGLISH("composer.attach"), elem_id="attach-button", scale=0, min_width=0
                )
                self.scope.build_button()
                self.action = _chooser("action", _actions(ENGLISH), value=ASK)
                self.model = _chooser("model", [], visible=False)
                self.settings = gr.Button(
                    ENGLISH("answer.settings"), elem_id="answer-settings-button", scale=0
                )
                self.send = gr.Button(
                    ENGLISH("composer.ask"), elem_id="send-button", variant="primary", scale=0
                )
                self.stop = gr.Button(
                    ENGLISH("composer.stop"), elem_id="stop-button", visible=False, scale=0
                )
            self.privacy = PrivacyLine(services, self.model)

    def in_language(self, texts: Texts, action: str = ASK) -> Updates:
        """Return the components in a language; ``action`` is the selected one."""
        return {
            self.question: gr.update(
                label=texts("composer.question"), placeholder=texts(_placeholder(action))
            ),
            **self.scope.in_language(texts),
            self.model: gr.update(label=texts("composer.model")),
            self.action: gr.update(label=texts("composer.action"), choices=_actions(texts)),
            self.attach: gr.update(value=texts("composer.attach")),
            self.settings: gr.update(value=texts("answer.settings")),
            **self.answer.in_language(texts),
            self.send: gr.update(value=texts(_verb(action))),
            self.stop: gr.update(value=texts("composer.stop")),
        }

    def wire(self, guard: Guard, session: gr.State) -> None:
        """Connect the action chooser: it changes the placeholder of the question box."""
        self.action.input(
            guard.once(self.choose_action, clears=False),
            inputs_kwargs={"action": self.action, "session": session},
            outputs=[guard.notice, self.question, self.send],
            queue=False,
            api_visibility="private",
            show_progress="hidden",
        )

    async def choose_action(self, *, action: str | None, session: Session) -> Updates:
        """Set the placeholder and the button's label."""
        action, texts = known_action(action), session.preferences.texts
        return {
            self.question: gr.update(placeholder=texts(_placeholder(action))),
            self.send: gr.update(value=texts(_verb(action))),
        }

    async def only_ask(self, session: Session) -> Updates:
        """Reset the action to asking: without documents there is no other."""
        return {self.action: ASK, **await self.choose_action(action=ASK, session=session)}

    def buttons(self, *, busy: bool) -> Updates:
        """Show the stop button while an answer is running, else the ask button."""
        return {self.send: gr.Button(visible=not busy), self.stop: gr.Button(visible=busy)}


def _chooser(
    name: str,
    choices: list[tuple[str, str]],
    *,
    value: str | None = None,
    visible: bool = True,
) -> gr.Dropdown:
    return gr.Dropdown(
        choices,
        value=value,
        elem_id=name,
        elem_classes="composer-chooser",
        label=ENGLISH(f"composer.{name}"),
        show_label=False,
        container=False,
        filterable=False,
        visible=visible,
        min_width=0,
        scale=0,
    )


def _verb(action: str) -> str:
    return "composer.ask" if action == ASK else f"task.{action}"


def _placeholder(action: str) -> str:
    return "composer.placeholder" if action == ASK else f"task.{action}.placeholder"


def _actions(texts: Texts) -> list[tuple[str, str]]:
    return [(texts(_verb(each)), each) for each in ACTIONS]
