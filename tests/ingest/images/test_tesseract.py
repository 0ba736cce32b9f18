from __future__ import annotations

import stat
from pathlib import Path

import pytest
from PIL import Image

from carrel.core.errors import UnreadableDocument
from carrel.ingest.images.tesseract import Tesseract
from samples.images import picture_of_text

TURNS = (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)
PICTURE = picture_of_text("text").convert("L")


def program(folder: Path, script: str) -> str:
    """Write a replacement of tesseract, and return its path."""
    path = folder / "tesseract"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def with_languages(folder: Path, *languages: str) -> str:
    lines = "\n".join([f'List of available languages in "{folder}":', *languages])
    return program(folder, f"cat <<'END'\n{lines}\nEND")


def test_the_installed_program_has_no_obstacle_to_english() -> None:
    assert Tesseract().obstacle() is None


def test_without_the_program_it_says_what_to_install() -> None:
    recognizer = Tesseract(program="no-such-program")
    assert recognizer.obstacle() == "install tesseract-ocr to have it read"


def test_several_languages_may_be_asked_for(tmp_path: Path) -> None:
    name = with_languages(tmp_path, "chi_sim", "eng", "osd")
    assert Tesseract(languages="eng+chi_sim", program=name).obstacle() is None


@pytest.mark.parametrize(
    ("installed", "named"), [(("eng", "fra", "osd"), "eng, fra"), (("osd",), "none")]
)
def test_a_language_that_is_missing_is_named_with_those_that_are_there(
    tmp_path: Path, installed: tuple[str, ...], named: str
) -> None:
    name = with_languages(tmp_path, *installed)
    assert Tesseract(languages="chi_sim+eng", program=name).obstacle() == (
        f"tesseract has no language chi_sim (installed: {named}): "
        "install tesseract-ocr-chi-sim or change --ocr_languages"
    )


def test_a_program_that_does_not_start_is_named(tmp_path: Path) -> None:
    name = program(tmp_path, "exit 127")
    assert Tesseract(program=name).obstacle() == "tesseract does not start: install it again"


def test_the_program_gets_the_languages_and_one_thread(tmp_path: Path) -> None:
    name = program(tmp_path, 'cat > /dev/null; echo "$OMP_THREAD_LIMIT $*"')
    text = Tesseract(languages="eng+deu", program=name).text_of(PICTURE)
    assert text == "1 stdin stdout -l eng+deu --dpi 300 --psm 1\n"


def test_the_program_gets_the_picture(tmp_path: Path) -> None:
    name = program(tmp_path, f"cat > {tmp_path}/picture")
    Tesseract(program=name).text_of(PICTURE)
    with Image.open(tmp_path / "picture") as picture:
        assert picture.mode == "L"
        assert picture.tobytes() == PICTURE.tobytes()


@pytest.mark.parametrize("turn", TURNS, ids=lambda turn: turn.name)
def test_a_page_that_lies_on_its_side_or_head_is_read(turn: Image.Transpose) -> None:
    # Which side is up is seen from some lines, and not surely from two.
    text = "\n".join(["The quick brown fox jumps over", "13 lazy dogs near the old river."] * 4)
    turned = picture_of_text(text).convert("L").transpose(turn)
    assert Tesseract().text_of(turned).strip() == text


def test_a_program_that_hangs_is_ended(tmp_path: Path) -> None:
    name = program(tmp_path, "exec sleep 1000")
    with pytest.raises(UnreadableDocument, match=r"took longer than 0\.2 seconds"):
        Tesseract(program=name, seconds=0.2).text_of(PICTURE)


def test_a_program_that_fails_is_quoted_on_one_line(tmp_path: Path) -> None:
    name = program(tmp_path, "cat > /dev/null; echo bad >&2; echo data >&2; exit 1")
    with pytest.raises(UnreadableDocument, match=r"^tesseract cannot read it: bad data$"):
        Tesseract(program=name).text_of(PICTURE)
