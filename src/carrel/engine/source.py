"""Finds the files of a model: bundled, local folder, .gguf file, Hugging Face cache, or hub."""

from __future__ import annotations

import errno
import json
from dataclasses import dataclass
from pathlib import Path

from carrel.core.errors import ModelLoadFailed, ModelNotFound, StorageFull

HUB_SECONDS = 10.0
"""Longest wait for one answer of the hub."""

WEIGHT_FILES = ("model.safetensors", "model.safetensors.index.json")
ADAPTER_FILES = ("adapter_model.safetensors",)
DOWNLOADED = ["*.safetensors", "*.json", "*.jinja", "*.model", "*.txt", "*.tiktoken", "*.py"]
PICKLED = (".bin", ".pt", ".pth", ".ckpt")


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """Where a model's files lie; ``gguf_file`` names the one to read inside the folder."""

    folder: Path
    gguf_file: str | None = None


def find_model(name: str, offline: bool) -> ModelFiles:
    """Return the files of a model by path or hub id. What is in the cache is not asked of the hub.

    Raises:
        ModelNotFound: nothing by that name; the message names every place that was tried.
        ModelLoadFailed: its weights are not safetensors.
    """
    path = Path(name).expanduser()
    if path.is_file():
        if path.suffix != ".gguf":
            raise ModelLoadFailed(
                f"{name} is a file, but not a .gguf one: name the model's folder instead."
            )
        return ModelFiles(path.resolve().parent, path.name)
    if path.is_dir():
        return ModelFiles(_checked_folder(path, name, WEIGHT_FILES, "config.json"))
    return ModelFiles(_from_hub(name, offline, WEIGHT_FILES, "config.json"))


def find_adapter(name: str, offline: bool) -> Path:
    """Return the folder of a LoRA adapter by path or hub id.

    Raises:
        ModelNotFound: nothing by that name.
        ModelLoadFailed: its weights are not safetensors.
    """
    path = Path(name).expanduser()
    if path.is_dir():
        return _checked_folder(path, name, ADAPTER_FILES, "adapter_config.json")
    return _from_hub(name, offline, ADAPTER_FILES, "adapter_config.json")


def is_complete(folder: Path, weights: tuple[str, ...], config: str) -> bool:
    """Whether the folder holds the configuration and every safetensors file."""
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


def _checked_folder(path: Path, name: str, weights: tuple[str, ...], config: str) -> Path:
    folder = path.resolve()
    if is_complete(folder, weights, config):
        return folder
    _refuse_pickle(name, [each.name for each in folder.iterdir()])
    raise ModelNotFound(
        f"Folder {name} holds no complete model: expected {config} and {weights[0]} "
        "(or all parts of it)."
    )


def _refuse_pickle(name: str, files: list[str]) -> None:
    weights = [file for file in files if file.endswith((".safetensors", ".safetensors.index.json"))]
    pickled = [file for file in files if file.endswith(PICKLED)]
    if pickled and not weights:
        raise ModelLoadFailed(
            f"{name} has its weights only as {pickled[0]}, a pickle file that could run code: "
            "convert it to safetensors first."
        )


def _from_hub(name: str, offline: bool, weights: tuple[str, ...], config: str) -> Path:
    # huggingface_hub is imported where it is needed: a bundled or local model starts without it.
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    tried = f"no folder {name}"
    try:
        cached = Path(snapshot_download(name, local_files_only=True, allow_patterns=[config]))
    except HFValidationError:
        raise ModelNotFound(
            f"Model {name} not found: {tried}, and it is no Hugging Face id (OWNER/NAME)."
        ) from None
    except LocalEntryNotFoundError:
        tried += ", not in the Hugging Face cache"
    else:
        if is_complete(cached, weights, config):
            return cached
        tried += ", incomplete in the Hugging Face cache"
    if offline:
        raise ModelNotFound(f"Model {name} not found: {tried}, hub not asked (offline).")
    try:
        folder = _download(name)
    except _HubRefused as error:
        raise ModelNotFound(f"Model {name} not found: {tried}, {error}.") from error
    if not is_complete(folder, weights, config):
        raise ModelLoadFailed(f"{name} on the hub has no {config} with safetensors weights.")
    return folder


class _HubRefused(Exception):
    """The hub does not give the files; the message is the reason."""


def _download(name: str) -> Path:
    import httpx2
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

    try:
        listing = HfApi().model_info(name, timeout=HUB_SECONDS).siblings or []
        _refuse_pickle(name, [each.rfilename for each in listing])
        return Path(
            snapshot_download(
                name,
                etag_timeout=HUB_SECONDS,
                allow_patterns=DOWNLOADED,
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
    """Return the first line of an error's text, or its class where it has none."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else type(error).__name__
