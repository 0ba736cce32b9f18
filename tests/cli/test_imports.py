"""What a command imports: no more than its own work needs."""

from __future__ import annotations

import pytest

from carrel.cli.registry import COMMANDS
from running.real_processes import modules_after

MODELS = {
    "torch", "transformers", "sentence_transformers", "peft", "accelerate", "bitsandbytes",
}  # fmt: skip
STORES = {"chromadb", "faiss", "numpy"}
SERVER = {"fastapi", "starlette", "uvicorn", "gradio", "uvloop", "httpx"}
READERS = {
    "openpyxl", "pptx", "docx", "lxml", "PIL", "pypdfium2", "xlrd", "mwparserfromhell",
    "markdown_it",
}  # fmt: skip
HEAVY = MODELS | STORES | SERVER | READERS
ALL_OF_CARREL = {
    f"carrel.{package}"
    for package in ("bootstrap.application", "services", "engine", "index", "ingest", "api", "ui")
}
SETTINGS = {"pydantic", "pydantic_settings", "yaml"}


def after(*words: str) -> set[str]:
    """The modules that are loaded once a command line has run."""
    return modules_after(f"from carrel.cli.main import main; main({list(words)!r})")


@pytest.mark.parametrize("words", [("--help",), ("--version",)])
def test_the_overview_needs_neither_settings_nor_any_command(words: tuple[str, ...]) -> None:
    loaded = after(*words)
    assert "carrel.cli.registry" in loaded
    assert not loaded & (HEAVY | ALL_OF_CARREL | SETTINGS | {"structlog", "asyncio", "click"})
    assert not {each for each in loaded if each.startswith("carrel.cli.commands.")}


@pytest.mark.parametrize(
    "words", [("check",), ("check", "--json"), ("completion", "bash"), ("serve", "--help")]
)
def test_settings_and_help_need_the_settings_alone(words: tuple[str, ...]) -> None:
    loaded = after(*words)
    assert "pydantic" in loaded
    assert not loaded & (HEAVY | ALL_OF_CARREL)
    assert ("click" in loaded) == (words[0] == "completion")


@pytest.mark.parametrize(("typed", "needs_settings"), [("c", False), ("serve --p", True)])
def test_completion_needs_the_settings_for_flags_alone(typed: str, needs_settings: bool) -> None:
    asked = {"_CARREL_COMPLETE": "bash_complete", "COMP_WORDS": f"carrel {typed}"}
    asked["COMP_CWORD"] = str(len(typed.split()))
    loaded = modules_after(
        f"import os; os.environ.update({asked!r})\n"
        "from carrel.cli.main import main\n"
        "try: main([])\n"
        "except SystemExit: pass\n"
        "pass"
    )
    assert "click" in loaded
    assert not loaded & (HEAVY | ALL_OF_CARREL)
    assert ("pydantic" in loaded) == needs_settings


@pytest.mark.parametrize(
    "words",
    [
        ("ask", "What?"),
        ("search", "What?"),
        ("collections",),
        ("summarize",),
        ("reingest", "a.txt"),
        ("ingest", __file__),
    ],
)
def test_a_command_for_a_running_server_needs_a_client_alone(words: tuple[str, ...]) -> None:
    loaded = after(*words, "--server=http://127.0.0.1:9")
    assert "carrel.client" in loaded
    assert not loaded & (MODELS | STORES | READERS | {"fastapi", "gradio", "uvicorn"})
    assert "carrel.bootstrap.application" not in loaded


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_module_which_needs_neither_model_nor_store_nor_reader(
    name: str,
) -> None:
    module = f"carrel.cli.commands.{name}"
    loaded = modules_after(f"import {module}; assert callable({module}.run)")
    assert not loaded & (MODELS | READERS | {"chromadb", "faiss", "gradio"})
