"""The client alone: what importing it brings along."""

from __future__ import annotations

from running.real_processes import modules_after

HEAVY = {
    "torch", "transformers", "gradio", "fastapi", "starlette", "uvicorn", "chromadb", "numpy",
    "sentence_transformers", "pydantic_settings", "carrel.services", "carrel.settings",
    "carrel.engine", "carrel.index", "carrel.ingest", "carrel.storage", "carrel.api", "carrel.ui",
}  # fmt: skip


def test_the_client_brings_neither_a_model_nor_a_page() -> None:
    loaded = modules_after("import carrel.client")
    assert {"httpx", "pydantic", "carrel.core.errors", "carrel.schemas.chat"} <= loaded
    assert not HEAVY & loaded
