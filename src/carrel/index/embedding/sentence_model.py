"""Loads sentence-transformers models: embedders and rerankers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from carrel.core.errors import ModelLoadFailed
from carrel.core.runtime.library_imports import library_imports
from carrel.index.embedding.sentence_model_files import ModelKind, first_line

if TYPE_CHECKING:
    import torch


def load_sentence_model(kind: ModelKind, name: str, folder: Path) -> Any:
    """Return the model in a folder, an instance of the kind's library class.

    Nothing connects, only safetensors weights are read, and code that comes with the model is never
    run. On a CPU the weights are in its ``cpu_dtype``.

    Raises:
        ModelLoadFailed: the library cannot load it, or its files lack weights.
    """
    # The import takes seconds, most of them torch's: commands that use no model do without.
    with library_imports():
        import sentence_transformers
        from safetensors import SafetensorError
        from sentence_transformers.util import get_device_name
        from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    device = get_device_name()
    numbers = {"dtype": cpu_dtype()} if device == "cpu" else {}
    try:
        model = getattr(sentence_transformers, kind.library_class)(
            str(folder),
            device=device,
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True, **numbers},
        )
    except (OSError, ValueError, KeyError, RuntimeError, ImportError, SafetensorError) as error:
        raise ModelLoadFailed(
            f"{kind.word} {name} cannot be loaded from {folder}: {first_line(error)}."
        ) from error
    _refuse_missing_weights(f"{kind.word} {name}", getattr(model[0], "model", None), kind.unused)
    return model


def cpu_dtype() -> torch.dtype:
    """Return bfloat16 if the CPU has instructions for it; otherwise it is slower than float32."""
    import torch

    capabilities = torch.cpu.get_capabilities()
    fast = capabilities.get("avx512_bf16") or capabilities.get("amx_bf16")
    return torch.bfloat16 if fast else torch.float32


def _refuse_missing_weights(title: str, loaded: Any, unused: tuple[str, ...]) -> None:
    """Refuse a model whose files lack weights, which the library would initialise randomly.

    ``loaded`` is its transformers model, ``unused`` prefixes of names to ignore. The names are
    compared without reading the weights a second time.
    """
    from transformers import PreTrainedModel

    if not isinstance(loaded, PreTrainedModel):
        return  # word vectors without a transformer; the library checks their file itself
    library_class: Any = type(loaded)
    _, found = library_class.from_pretrained(
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
