from __future__ import annotations

import errno
import multiprocessing
from pathlib import Path
from typing import Any

import pytest

from carrel.core.errors import ModelLoadFailed, ModelNotFound, StorageFull
from carrel.engine.loading import bundled
from carrel.engine.loading.bundled import bundled_model
from carrel.engine.spec import BUNDLED_MODEL


def write_later(source: Path, dtype: str, folder: Path) -> None:
    """Replace the converter: count the conversions, and take a while."""
    with (folder.parent / "conversions").open("a") as log:
        log.write("x")
    multiprocessing.Event().wait(0.3)
    (folder / "config.json").write_text("{}")


def ask(folder: Path) -> None:
    bundled.write_unpacked = write_later
    bundled_model(folder)


def test_the_bundled_model_is_safetensors_with_its_template(models_dir: Path) -> None:
    folder = bundled_model(models_dir)
    assert folder.name == BUNDLED_MODEL
    files = {path.name for path in folder.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "chat_template.jinja"} <= files
    assert not list(models_dir.glob(f".{BUNDLED_MODEL}-*"))


def test_of_two_processes_at_once_one_converts(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=ask, args=(tmp_path,)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    assert (tmp_path / "conversions").read_text() == "x"


def test_a_conversion_that_breaks_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_before = tmp_path / f".{BUNDLED_MODEL}-killed"
    killed_before.mkdir()

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("transformers.AutoTokenizer.from_pretrained", full)
    with pytest.raises(StorageFull, match="disk"):
        bundled_model(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [f".{BUNDLED_MODEL}.lock"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelLoadFailed, match="--models_dir"):
        bundled_model(tmp_path / "file")


def test_a_converted_model_needs_neither_package_nor_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / BUNDLED_MODEL).mkdir()
    monkeypatch.setattr(bundled, "PACKAGE", "no_such_package")
    assert bundled_model(tmp_path) == tmp_path / BUNDLED_MODEL
    assert len(list(tmp_path.iterdir())) == 1


def test_a_missing_package_names_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundled, "PACKAGE", "no_such_package")
    with pytest.raises(ModelNotFound, match="make setup"):
        bundled_model(tmp_path)
