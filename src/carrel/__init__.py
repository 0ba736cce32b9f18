"""Carrel: a chatbot and private document-QA server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from carrel.notebook.model import Model

__version__ = "0.1.0"


def load(base_model: str = "bundled", **options: Any) -> Model:
    """Load a model into this process, for notebooks and scripts.

        model = carrel.load("bundled")
        print(model("Why is drinking water so healthy?", max_new_tokens=100))

    ``base_model`` is a hub id, a local folder, a ``.gguf`` file or ``bundled``. ``options`` are the
    settings of models and generation by their names (``load_4bit``, ``load_8bit``,
    ``lora_weights``, ``prompt_type``, ``dtype``, ``temperature``, ...), ``offline``,
    ``models_dir``, and ``device_map``: ``"auto"`` shards the model over all GPUs. What is not given
    is found as everywhere: in the environment, then in the defaults.

    Raises:
        UnknownSetting: an option that does not exist, with the nearest one that does.
        InvalidSetting: a value out of bounds, or two that contradict each other.
        ModelNotFound, ModelLoadFailed, StorageFull: the model cannot be loaded.
        ImportError: only the client of Carrel is installed.
    """
    # Importing carrel for its client or version must not import the model libraries.
    try:
        from carrel.notebook.load import load_model
    except ModuleNotFoundError as error:
        if error.name != "carrel.notebook":
            raise
        raise ImportError("carrel.load needs all of Carrel; only carrel-client is here.") from error
    return load_model(base_model, options)
