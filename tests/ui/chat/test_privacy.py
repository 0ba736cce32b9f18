"""The line below the question box, in every language."""

from __future__ import annotations

import itertools

import pytest

from carrel.services.outward import Outward
from carrel.ui.chat.privacy import privacy_html
from carrel.ui.i18n.texts import ENGLISH, LANGUAGES, Texts


def test_nothing_leaves_where_nothing_is_elsewhere() -> None:
    assert privacy_html(Outward(), ENGLISH) == '<p class="private">Nothing leaves this machine.</p>'


def test_what_goes_where_is_said_of_each_host() -> None:
    outward = Outward("gpu.example", "embed.example", "chroma.example")
    assert privacy_html(outward, ENGLISH) == (
        '<p class="private">Leaves this machine: questions and passages, to gpu.example; '
        "questions and document text, to embed.example; "
        "vectors of questions and documents, to chroma.example.</p>"
    )


@pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES)
def test_every_combination_names_its_hosts_and_no_other(texts: Texts) -> None:
    hosts = ("gpu.example", "embed.example", "chroma.example")
    for there in itertools.product([True, False], repeat=3):
        chosen = [host if here else None for host, here in zip(hosts, there, strict=True)]
        line = privacy_html(Outward(*chosen), texts)
        assert [host in line for host in hosts] == list(there)
        assert (texts.html("composer.private") in line) == (not any(there))


def test_a_host_is_no_html() -> None:
    assert "<b>" not in privacy_html(Outward("<b>x</b>"), ENGLISH)
