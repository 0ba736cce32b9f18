"""The table of models as HTML."""

from __future__ import annotations

from dataclasses import replace

from carrel.core.chat import ModelInfo
from carrel.core.models import ModelState, ModelStatus
from carrel.services.chat.answer_speeds import AnswerSpeed
from carrel.ui.models.render_models import models_html

INFO = ModelInfo("m", "continuous", 2048, "bfloat16", "cpu", parameters=134, memory=269_000_000)
READY = ModelState("m", ModelStatus.READY, INFO)


def test_a_model_shows_its_memory_and_its_speed() -> None:
    html = models_html([READY], {"m": AnswerSpeed(3, 23.6, 0.118)})
    assert 'data-label="Memory">269 MB<' in html
    assert 'data-label="Recent speed">24 tokens/s, first after 0.12 s<' in html
    assert 'data-label="Context">2,048 tokens<' in html


def test_a_model_that_has_not_answered_says_so() -> None:
    html = models_html([READY], {"other": AnswerSpeed(3, 23.6, 0.118)})
    assert "not used yet" in html and "tokens/s" not in html


def test_what_is_not_known_is_not_shown() -> None:
    remote = replace(READY, info=replace(INFO, memory=None))
    assert 'data-label="Memory"><' in models_html([remote], {})
    adapter = replace(READY, info=replace(INFO, memory=None, adapter_of="b"))
    assert 'data-label="Memory">with its base<' in models_html([adapter], {})


def test_names_and_reasons_are_escaped() -> None:
    failed = ModelState("<b>", ModelStatus.FAILED, reason="<i>no</i>", adapter_of="<u>")
    html = models_html([failed], {})
    assert "<b>" not in html and "<i>" not in html and "<u>" not in html
    assert "&lt;i&gt;no&lt;/i&gt;" in html


def test_without_models_there_is_a_line() -> None:
    assert models_html([], {}) == '<p class="empty">No model is loaded.</p>'
