"""The compare view: one question to several models, side by side."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import gradio as gr

from carrel.core.chat import ChatRequest, Message, Role, Stage
from carrel.core.conversations import SavedTurn
from carrel.core.errors import InvalidRequest
from carrel.core.votes import Outcome
from carrel.services.application import Services
from carrel.services.arena.comparing import Comparison
from carrel.ui.chat.chat_tab import ChatTab
from carrel.ui.compare.compare_choices import CompareChoices
from carrel.ui.compare.render_compare import compare_head_html, compared_html, empty_html
from carrel.ui.compare.render_ranking import ranking_html
from carrel.ui.i18n.texts import ENGLISH, Texts
from carrel.ui.scope.scope_chooser import ScopeChooser
from carrel.ui.shell.actions import actions_script, chosen
from carrel.ui.shell.events import Guard, Inputs, Updates
from carrel.ui.state.answer_options import FIELDS, read_options
from carrel.ui.state.choices import scope_of
from carrel.ui.state.compared import Compared, ComparedAnswer
from carrel.ui.state.exchange import Exchange
from carrel.ui.state.running import Running
from carrel.ui.state.session import Session

UPDATE_INTERVAL = 0.1
"""Minimum seconds between two updates; each renders all columns."""


class CompareTab:
    """Builds the view; ``wire`` connects it to the services and to the chat."""

    def __init__(
        self, services: Services, session: gr.State, guard: Guard, scope: ScopeChooser
    ) -> None:
        self._services = services
        self._session = session
        self._guard = guard
        with gr.Column(elem_id="compare-view", elem_classes="view"):
            self._head = gr.HTML(
                compare_head_html(ENGLISH),
                elem_id="compare-head",
                apply_default_css=False,
                js_on_load=None,
            )
            scope.build_line()
            self.choices = CompareChoices(services)
            with gr.Row(elem_id="compare-row"):
                self.question = gr.Textbox(
                    elem_id="compare-question",
                    label=ENGLISH("compare.question"),
                    show_label=False,
                    placeholder=ENGLISH("compare.placeholder"),
                    lines=1,
                    max_lines=8,
                    container=False,
                )
                self.blind = gr.Checkbox(
                    label=ENGLISH("compare.blind"),
                    elem_id="compare-blind",
                    container=False,
                    scale=0,
                    min_width=0,
                )
                self.go = gr.Button(
                    ENGLISH("compare.go"), elem_id="compare-go", variant="primary", scale=0
                )
                self.stop = gr.Button(
                    ENGLISH("compare.stop_all"), elem_id="compare-stop", visible=False, scale=0
                )
            self.columns = gr.HTML(
                empty_html(ENGLISH),
                elem_id="compare-answers",
                apply_default_css=False,
                js_on_load=actions_script("stop_one", "keep_one", "vote"),
            )
            self.ranking = gr.HTML("", elem_id="ranking", apply_default_css=False, js_on_load=None)

    def in_language(self, texts: Texts, compared: Compared | None = None) -> Updates:
        """Return the view in a language, with its answers."""
        return {
            self._head: compare_head_html(texts),
            **self.choices.in_language(texts),
            self.question: gr.update(
                label=texts("compare.question"), placeholder=texts("compare.placeholder")
            ),
            self.blind: gr.update(label=texts("compare.blind")),
            self.go: gr.update(value=texts("compare.go")),
            self.stop: gr.update(value=texts("compare.stop_all")),
            self.columns: compared_html(compared, texts) if compared else empty_html(texts),
        }

    def wire(self, chat: ChatTab) -> None:
        """Connect the events."""
        private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        notice = self._guard.notice
        own: Inputs = {"session": self._session}
        self._chat = chat
        gr.on(
            [self.question.submit, self.go.click],
            self._guard.stream(self.compare),
            inputs_kwargs={
                **own,
                **self.choices.inputs,
                **chat.composer.answer.inputs,
                "question": self.question,
                "blind": self.blind,
            },
            outputs=[notice, self.columns, self.go, self.stop],
            concurrency_limit=None,
            trigger_mode="multiple",
            **private,
        )
        for event, handler, inputs, changed in (
            (self.stop.click, self.stop_all, own, [notice]),
            (self.columns.stop_one, self.stop_one, own, [notice]),
            (self.columns.vote, self.vote, own, [notice, self.columns, self.ranking]),
            (
                self.columns.keep_one,
                self.keep_one,
                own,
                [*chat.changed, chat.composer.model],
            ),
        ):
            event(
                self._guard.once(handler),
                inputs_kwargs=inputs,
                outputs=changed,
                queue=False,
                **private,
            )

    async def compare(
        self, *, question: str, blind: bool, session: Session, **wanted: Any
    ) -> AsyncGenerator[Updates]:
        """Ask all selected models, and stream their answers.

        They get the answer settings of the chat, each with its own temperature.
        """
        question = question.strip()
        if not question:
            raise InvalidRequest("Write a question first.")
        options = read_options(self._services.settings, {name: wanted[name] for name in FIELDS})
        contenders = self.choices.contenders(wanted, options.sampling, blind=blind)
        if session.comparing is not None:
            session.comparing.comparison.stop_all()
        scope = (await scope_of(session, self._services)).asked(self._services.settings)
        requests = [
            ChatRequest(
                messages=options.led((Message(Role.USER, question),)),
                principal=session.principal,
                model=each.model,
                sampling=each.sampling,
                scope=options.scoped(scope),
                caller=session.caller,
            )
            for each in contenders
        ]
        answers = [
            ComparedAnswer(each.model, each.sampling, Exchange(question, stage=Stage.WAITING))
            for each in contenders
        ]
        comparison = Comparison([self._services.chat.answer(each) for each in requests])
        session.comparing = compared = Compared(question, answers, comparison, blind)
        yield self._shown(compared, session.preferences.texts)
        async with aclosing(Running(comparison.events()).batches(UPDATE_INTERVAL)) as batches:
            async for events in batches:
                for index, event in events:
                    answers[index].apply(event)
                # A newer comparison may have replaced this one.
                if session.comparing is compared:
                    yield self._shown(compared, session.preferences.texts)

    def _shown(self, compared: Compared, texts: Texts) -> Updates:
        return {
            self.columns: compared_html(compared, texts),
            self.go: gr.Button(visible=compared.ended),
            self.stop: gr.Button(visible=not compared.ended),
        }

    async def stop_all(self, *, session: Session) -> Updates:
        """Stop all answers; their text is kept."""
        if session.comparing is not None:
            session.comparing.comparison.stop_all()
        return {}

    async def stop_one(self, event: gr.EventData, *, session: Session) -> Updates:
        """Stop one answer; the others continue."""
        compared = session.comparing
        answer = compared.answer(chosen(event)) if compared else None
        if compared is not None and answer is not None:
            compared.comparison.stop(compared.answers.index(answer))
        return {}

    async def keep_one(self, event: gr.EventData, *, session: Session) -> Updates:
        """Open a chat that begins with the question and one of the answers."""
        compared = session.comparing
        answer = compared.answer(chosen(event)) if compared else None
        if compared is None or answer is None or not (compared.ended and compared.revealed):
            return {}
        history, principal = self._services.history, session.principal
        kept = await history.start(principal, compared.question)
        turns = [
            SavedTurn(Message(Role.USER, compared.question)),
            SavedTurn(
                Message(Role.ASSISTANT, answer.exchange.text),
                answer.exchange.sources,
                answer.model,
            ),
        ]
        await history.append(principal, kept.id, turns)
        await session.open_chat(await history.chat(principal, kept.id))
        return {
            **await self._chat.thread(session),
            self._chat.composer.model: gr.Dropdown(value=answer.model),
        }

    async def vote(self, event: gr.EventData, *, session: Session) -> Updates:
        """Store the vote on a blind comparison, and show the names."""
        compared, wanted = session.comparing, chosen(event)
        if compared is None or not compared.can_vote or wanted not in list(Outcome):
            return {}
        compared.voted = wanted
        first, second = (each.model for each in compared.answers)
        try:
            await self._services.arena.vote(session.principal, first, second, Outcome(wanted))
        except Exception:
            compared.voted = None
            raise
        texts = session.preferences.texts
        return {self.columns: compared_html(compared, texts), **await self.ranked(texts)}

    async def ranked(self, texts: Texts) -> Updates:
        """Refresh the ranking."""
        arena = self._services.arena
        return {self.ranking: ranking_html(await arena.ranking(), await arena.votes(), texts)}
