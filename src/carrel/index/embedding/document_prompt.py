"""Document prompts of sentence-transformers models."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

NAMES = ("document", "passage", "corpus")
"""The names that models use for it, in the library's order."""


def document_prompt(model: SentenceTransformer) -> str:
    """Return the prompt for documents, empty if the model has none."""
    # The library takes the first existing name; it adds an empty 'document' to every model, so
    # that it would never reach the others.
    prompts = (model.prompts.get(name) for name in NAMES)
    return next((each for each in prompts if each), "")
