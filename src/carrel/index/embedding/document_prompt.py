"""What a sentence-transformers model wants before the text of a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

NAMES = ("document", "passage", "corpus")
"""The names by which models call it, in the library's order."""


def document_prompt(model: SentenceTransformer) -> str:
    """Return the prompt for documents, empty where the model has none."""
    # The library takes the first name that there is; it adds an empty 'document' to every model,
    # so that it would never come to the others.
    prompts = (model.prompts.get(name) for name in NAMES)
    return next((each for each in prompts if each), "")
