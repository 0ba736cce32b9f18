"""Checks that the files of a sentence-transformers model contain all its weights."""

from __future__ import annotations

from typing import Any

from carrel.core.errors import ModelLoadFailed


def refuse_missing_weights(title: str, loaded: Any, unused: tuple[str, ...] = ()) -> None:
    """Refuse a model whose files lack weights, which the library would initialise randomly.

    ``loaded`` is its transformers model, ``unused`` prefixes of names to ignore. The names are
    compared without reading the weights a second time.

    Raises:
        ModelLoadFailed: with the first name and their number.
    """
    from transformers import PreTrainedModel

    if not isinstance(loaded, PreTrainedModel):
        return  # word vectors without a transformer; the library checks their file itself
    kind: Any = type(loaded)
    _, found = kind.from_pretrained(
        loaded.name_or_path,
        config=loaded.config,
        device_map="meta",
        output_loading_info=True,
        ignore_mismatched_sizes=True,
        local_files_only=True,
        use_safetensors=True,
    )
    names = {*found["missing_keys"], *(each[0] for each in found["mismatched_keys"])}
    missing = sorted(name for name in names if not name.startswith(unused))
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise ModelLoadFailed(
            f"{title} has no weights for {missing[0]}{more}: its files are incomplete, or of "
            "another kind of model. Get them again, or choose another one."
        )
