"""Buttons inside the page's own HTML."""

from __future__ import annotations

import gradio as gr
import pytest

from carrel.ui.shell.actions import actions_script, chosen, entered


async def test_each_action_gets_a_listener_and_no_other_name_does() -> None:
    with gr.Blocks(analytics_enabled=False):
        html = gr.HTML("", js_on_load=actions_script("open_chat", "delete_chat"))
    assert callable(html.open_chat)
    assert callable(html.delete_chat)
    with pytest.raises(AttributeError):
        _ = html.drop_table


def test_the_id_of_an_event_is_text_whatever_was_sent() -> None:
    assert chosen(gr.EventData(None, {"id": "abc"})) == "abc"
    assert chosen(gr.EventData(None, {"id": {"a": 1}})) == "{'a': 1}"


def test_what_was_entered_is_text_whatever_was_sent() -> None:
    event = gr.EventData(None, {"id": "abc", "entered": {"name": ["New"], "shared": "on"}})
    assert entered(event, "name") == "['New']"
    assert entered(event, "shared") == "on"
    assert entered(event, "missing") == ""
    assert entered(gr.EventData(None, {"entered": "no form"}), "name") == ""
