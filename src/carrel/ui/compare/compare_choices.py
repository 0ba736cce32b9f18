"""Models and temperatures of a comparison."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from carrel.core.chat import SamplingParams
from carrel.core.errors import InvalidRequest
from carrel.services.application import Services
from carrel.services.arena.comparing import MOST_ANSWERS
from carrel.ui.i18n.texts import ENGLISH, Texts
from carrel.ui.shell.events import Inputs, Updates
from carrel.ui.state.choices import sampling_of

NOBODY = ""
HOTTEST = 2.0


@dataclass(frozen=True, slots=True)
class Contender:
    """The selected models and sampling."""

    model: str
    sampling: SamplingParams


class CompareChoices:
    """A chooser of a model and a temperature for each column."""

    def __init__(self, services: Services) -> None:
        self._services = services
        temperature = sampling_of(services.settings).temperature
        self._models: list[gr.Dropdown] = []
        self._temperatures: list[gr.Number] = []
        with gr.Row(elem_id="compare-choices"):
            for number in range(1, MOST_ANSWERS + 1):
                with gr.Column(elem_classes="compare-choice", min_width=0):
                    self._models.append(
                        gr.Dropdown(
                            label=ENGLISH("compare.model", number=number),
                            elem_id=f"compare-model-{number}",
                            filterable=False,
                            min_width=0,
                        )
                    )
                    self._temperatures.append(
                        gr.Number(
                            value=temperature,
                            label=ENGLISH("compare.temperature"),
                            elem_id=f"compare-temperature-{number}",
                            min_width=0,
                            step=0.1,
                        )
                    )

    @property
    def inputs(self) -> Inputs:
        """The choosers by the names that ``contenders`` takes."""
        models = {f"model_{at}": each for at, each in enumerate(self._models)}
        return {
            **models,
            **{f"temperature_{at}": each for at, each in enumerate(self._temperatures)},
        }

    @property
    def outputs(self) -> list[gr.Dropdown]:
        """The components that ``filled`` fills."""
        return self._models

    def in_language(self, texts: Texts) -> Updates:
        """Return the choosers in a language; the selection is kept."""
        models = {
            each: gr.update(
                label=texts("compare.model", number=number), choices=self._offered(texts)
            )
            for number, each in enumerate(self._models, start=1)
        }
        label = texts("compare.temperature")
        return {**models, **{each: gr.update(label=label) for each in self._temperatures}}

    def _offered(self, texts: Texts) -> list[tuple[str, str]]:
        names = [each.name for each in self._services.models.models()]
        return [(texts("compare.nobody"), NOBODY), *((name, name) for name in names)]

    def filled(self, texts: Texts) -> Updates:
        """Offer the models that are ready; the first two are selected."""
        names = [each.name for each in self._services.models.models()]
        first = names[:2] if len(names) > 1 else names * 2
        values = [*first, *[NOBODY] * MOST_ANSWERS][:MOST_ANSWERS]
        return {
            chooser: gr.Dropdown(choices=self._offered(texts), value=value)
            for chooser, value in zip(self._models, values, strict=True)
        }

    def contenders(
        self, chosen: dict[str, Any], sampling: SamplingParams, *, blind: bool
    ) -> list[Contender]:
        """Return the contenders, in random order and only two if names are hidden.

        Each has the ``sampling`` with its own temperature.

        Raises:
            InvalidRequest: fewer than two are selected, or a temperature is out of bounds.
        """
        found = []
        for at in range(MOST_ANSWERS):
            model, temperature = chosen[f"model_{at}"], chosen[f"temperature_{at}"]
            if not model:
                continue
            if not isinstance(temperature, int | float) or not 0 <= temperature <= HOTTEST:
                raise InvalidRequest(
                    f"The temperature of model {at + 1} has to be from 0 to {HOTTEST:g}."
                )
            found.append(Contender(str(model), replace(sampling, temperature=float(temperature))))
        if len(found) < 2:
            raise InvalidRequest("Choose at least two models to compare.")
        return random.SystemRandom().sample(found, 2) if blind else found
