"""The commands that need no model, run in this process."""

import json
from pathlib import Path

import pytest

from carrel.cli.command import setting_flags
from carrel.cli.exit_codes import EXIT_CODES, exit_code
from carrel.cli.main import main
from carrel.cli.output.progress import describe, format_seconds
from carrel.cli.registry import COMMANDS
from carrel.core import errors
from carrel.core.documents import IngestionProgress
from carrel.settings.schema import setting_sections


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [each for each in os.environ if each.startswith("CARREL_")]:
        monkeypatch.delenv(name)


def test_check_prints_every_setting_with_its_value_and_origin(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "carrel.yaml"
    config.write_text("documents:\n  top_k: 5\n")
    monkeypatch.setenv("CARREL_HOST", "localhost")
    assert main(["check", f"--config={config}", "--port=8000", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert list(printed) == list(setting_sections())
    assert printed["port"] == {
        "section": "server",
        "value": "8000",
        "origin": "command line --port",
    }
    assert printed["host"]["origin"] == "environment CARREL_HOST"
    assert printed["top_k"]["origin"] == f"file {config}"
    assert printed["chunk_size"]["origin"] == "default"


def test_check_never_shows_a_secret(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--api_key=open-sesame"]) == 0
    printed = capsys.readouterr().out
    assert "open-sesame" not in printed
    assert "server.api_key" in printed
    assert "********" in printed


def test_help_lists_all_commands_and_a_command_lists_all_its_flags(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--help"]) == 0
    overview = capsys.readouterr().out
    for name in COMMANDS:
        assert f"carrel {name}" in overview
        assert main([name, "--help"]) == 0
        page = capsys.readouterr().out
        assert all(f"--{flag}" in page for flag in setting_flags())
        assert max(map(len, page.splitlines())) <= 80
    assert "\n  --db_type=chroma|faiss|chroma_server\n" in page


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("carrel 0.")


def every_error(above: type[errors.CarrelError]) -> list[type[errors.CarrelError]]:
    found = [above]
    for below in above.__subclasses__():
        found.extend(every_error(below))
    return found


@pytest.mark.parametrize("error", every_error(errors.CarrelError))
def test_every_error_has_an_exit_status_of_its_own_class_or_its_nearest(
    error: type[errors.CarrelError],
) -> None:
    status = exit_code(error.__new__(error))
    assert 1 <= status < 126
    nearest = next(each for each in error.__mro__ if each in EXIT_CODES)
    assert status == EXIT_CODES[nearest]


def test_exit_statuses_are_not_shared() -> None:
    assert len(set(EXIT_CODES.values())) == len(EXIT_CODES)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.4, "59 s"), (60, "1 min 00 s"), (200, "3 min 20 s"), (7500, "2 h 05 min")],
)
def test_durations_read_well(seconds: float, text: str) -> None:
    assert format_seconds(seconds) == text


def test_a_progress_line_tells_files_chunks_time_left_and_page() -> None:
    progress = IngestionProgress(2, 12, 340, "report.pdf", 40, 75.0)
    line = describe(progress)
    assert line == "2/12 files, 340 chunks, 1 min 15 s left, report.pdf (page 40)"
