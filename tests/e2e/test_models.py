"""Choosing among several models."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from carrel.engine.pool import ModelPool, NamedLoader
from carrel.engine.scripted import ScriptedEngine
from running.browsing import Visit
from running.live_server import LiveServer


def test_the_chosen_model_answers(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    pool = ModelPool(
        [
            NamedLoader("first", lambda: ScriptedEngine(["I am the first."], name="first")),
            NamedLoader("second", lambda: ScriptedEngine(["I am the second."], name="second")),
        ]
    )
    pool.wait_until_ready()
    visitor = tab(start(pool=pool, langchain_mode="LLM"))
    expect(visitor.page.locator("#model input")).to_have_value("first")
    visitor.ask_and_wait("Who are you?")
    expect(visitor.answer).to_have_text("I am the first.")
    visitor.page.locator("#model input").click()
    visitor.page.get_by_role("option", name="second").click()
    visitor.ask_and_wait("And you?")
    expect(visitor.answer).to_have_text("I am the second.")


def test_one_model_leaves_nothing_to_choose(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    visitor = tab(start())
    expect(visitor.page.locator("#model")).to_be_hidden()
