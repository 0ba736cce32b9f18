"""Locates a model's files: bundled, local folder, .gguf file, Hugging Face cache, or hub."""

from __future__ import annotations

import errno
import json
from dataclasses import dataclass
from pathlib import Path

from carrel.core.errors import ModelLoadFailed, ModelNotFound, StorageFull

HUB_SECONDS = 10.0
"""Timeout of the hub in seconds."""


@dataclass(frozen=True, slots=True)
class FileNames:
    """File names of a model or an adapter; ``pickled`` are the weights as pickle."""

    config: str
    weights: tuple[str, ...]
    pickled: tuple[str, ...]


MODEL_FILES = FileNames(
    "config.json",
    ("model.safetensors", "model.safetensors.index.json"),
    ("pytorch_model.bin", "pytorch_model.bin.index.json"),
)
ADAPTER_FILES = FileNames(
    "adapter_config.json", ("adapter_model.safetensors",), ("adapter_model.bin",)
)
DOWNLOADED = ["*.safetensors", "*.json", "*.jinja", "*.model", "*.txt", "*.tiktoken", "*.py"]
PICKLED = (".bin", ".pt", ".pth", ".ckpt")


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """Location of a model's files; ``gguf_file`` is the one to read inside the folder.

    ``pickled`` is true if the weights are pickle files, which the settings allowed.
    """

    folder: Path
    gguf_file: str | None = None
    pickled: bool = False


def find_model(name: str, offline: bool, allow_pickle: bool = False) -> ModelFiles:
    """Return the files of a model by path or hub id. Cached files are not requested from the hub.

    Raises:
        ModelNotFound: nothing by that name; the message lists the places that were tried.
        ModelLoadFailed: its weights are pickle files and ``allow_pickle`` is not set.
    """
    path = Path(name).expanduser()
    if path.is_file():
        if path.suffix != ".gguf":
            raise ModelLoadFailed(
                f"{name} is a file, but not a .gguf one: name the model's folder instead."
            )
        return ModelFiles(path.resolve().parent, path.name)
    folder = _find(name, offline, MODEL_FILES, allow_pickle)
    plain = is_complete(folder, MODEL_FILES.weights, MODEL_FILES.config)
    return ModelFiles(folder, pickled=not plain)


def find_adapter(name: str, offline: bool, allow_pickle: bool = False) -> Path:
    """Return the folder of a LoRA adapter by path or hub id.

    Raises:
        ModelNotFound: nothing by that name.
        ModelLoadFailed: its weights are pickle files and ``allow_pickle`` is not set.
    """
    return _find(name, offline, ADAPTER_FILES, allow_pickle)


def _find(name: str, offline: bool, files: FileNames, allow_pickle: bool) -> Path:
    path = Path(name).expanduser()
    if path.is_dir():
        return _checked_folder(path, name, files, allow_pickle)
    return _from_hub(name, offline, files, allow_pickle)


def _is_usable(folder: Path, files: FileNames, allow_pickle: bool) -> bool:
    return is_complete(folder, files.weights, files.config) or (
        allow_pickle and is_complete(folder, files.pickled, files.config)
    )


def is_complete(folder: Path, weights: tuple[str, ...], config: str) -> bool:
    """Whether the folder contains the configuration and every file of those weights."""
    if not (folder / config).is_file():
        return False
    present = [name for name in weights if (folder / name).is_file()]
    if not present:
        return False
    if not present[0].endswith(".index.json"):
        return True
    try:
        index = json.loads((folder / present[0]).read_text(encoding="utf-8"))
        shards = set(index["weight_map"].values())
    except (ValueError, KeyError, AttributeError):
        return False
    return all((folder / shard).is_file() for shard in shards)


def _checked_folder(path: Path, name: str, files: FileNames, allow_pickle: bool) -> Path:
    folder = path.resolve()
    if _is_usable(folder, files, allow_pickle):
        return folder
    if not allow_pickle:
        _refuse_pickle(name, [each.name for each in folder.iterdir()])
    missing = _missing_part(folder, files.weights)
    raise ModelNotFound(
        f"Folder {name} holds no complete model: expected {files.config} and {files.weights[0]} "
        f"(or all parts of it{'' if missing is None else f'; {missing} is missing'})."
    )


def _missing_part(folder: Path, weights: tuple[str, ...]) -> str | None:
    """Return the first file that is listed in an index of weights but missing."""
    for name in weights:
        if name.endswith(".index.json") and (folder / name).is_file():
            try:
                index = json.loads((folder / name).read_text(encoding="utf-8"))
                parts = sorted(set(index["weight_map"].values()))
            except (ValueError, KeyError, AttributeError):
                return None
            return next((part for part in parts if not (folder / part).is_file()), None)
    return None


def _refuse_pickle(name: str, files: list[str]) -> None:
    weights = [file for file in files if file.endswith((".safetensors", ".safetensors.index.json"))]
    pickled = [file for file in files if file.endswith(PICKLED)]
    if pickled and not weights:
        raise ModelLoadFailed(
            f"{name} has its weights only as {pickled[0]}, a pickle file: "
            "convert it to safetensors, or set --allow_pickle=True to load it."
        )


def _from_hub(name: str, offline: bool, files: FileNames, allow_pickle: bool) -> Path:
    # huggingface_hub is imported lazily: a bundled or local model starts without it.
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    tried = f"no folder {name}"
    try:
        cached = Path(snapshot_download(name, local_files_only=True, allow_patterns=[files.config]))
    except HFValidationError:
        raise ModelNotFound(
            f"Model {name} not found: {tried}, and it is no Hugging Face id (OWNER/NAME)."
        ) from None
    except LocalEntryNotFoundError:
        tried += ", not in the Hugging Face cache"
    else:
        if _is_usable(cached, files, allow_pickle):
            return cached
        tried += ", incomplete in the Hugging Face cache"
    if offline:
        raise ModelNotFound(f"Model {name} not found: {tried}, hub not asked (offline).")
    try:
        folder = _download(name, allow_pickle)
    except _HubRefused as error:
        raise ModelNotFound(f"Model {name} not found: {tried}, {error}.") from error
    if not _is_usable(folder, files, allow_pickle):
        raise ModelLoadFailed(f"{name} on the hub has no {files.config} with safetensors weights.")
    return folder


class _HubRefused(Exception):
    """The hub refuses the files; the message is the reason."""


def _download(name: str, allow_pickle: bool) -> Path:
    import httpx2
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

    try:
        listing = HfApi().model_info(name, timeout=HUB_SECONDS).siblings or []
        names = [each.rfilename for each in listing]
        if not allow_pickle:
            _refuse_pickle(name, names)
        only_pickled = not any(each.endswith(".safetensors") for each in names)
        return Path(
            snapshot_download(
                name,
                etag_timeout=HUB_SECONDS,
                allow_patterns=[*DOWNLOADED, "*.bin"] if only_pickled else DOWNLOADED,
                ignore_patterns=["*/*"],
            )
        )
    except GatedRepoError as error:
        raise _HubRefused("the hub wants its terms accepted there and HF_TOKEN set") from error
    except RepositoryNotFoundError as error:
        raise _HubRefused("the hub has no public model by that name") from error
    except HfHubHTTPError as error:
        raise _HubRefused(f"the hub answered: {first_line(error)}") from error
    except (httpx2.HTTPError, OSError) as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise StorageFull(f"The disk is full: model {name} could not be downloaded.") from error
        raise _HubRefused(f"hub not reachable ({first_line(error)})") from error


def first_line(error: BaseException) -> str:
    """Return the first line of an error's text, or its class if it has none."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else type(error).__name__
