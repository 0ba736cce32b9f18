from __future__ import annotations

import pytest
from PIL import Image

from carrel.ingest.images.ocr import LANGUAGES_OF_RAPIDOCR, TextRecognizer
from carrel.ingest.images.tesseract import Tesseract
from carrel.ingest.text.hyphenation import LINE_END_HYPHEN
from samples.images import picture_of_text

MISSING = Tesseract(program="no-such-program")
PICTURE = picture_of_text("text").convert("L")


class Spoken(Tesseract):
    """Says a text in place of the program."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def obstacle(self) -> str | None:
        return None

    def text_of(self, picture: Image.Image) -> str:
        return self.text


@pytest.mark.parametrize("languages", ["eng", "deu+fra+pol", "chi_sim+eng", "jpn"])
def test_languages_of_the_models_need_no_program(languages: str) -> None:
    assert TextRecognizer("auto", languages, tesseract=MISSING).obstacle() is None
    assert TextRecognizer("auto", languages, tesseract=Spoken("other")).text_of(PICTURE) == "text"


@pytest.mark.parametrize("languages", ["rus", "eng+rus", "kor", "ara", "script/Cyrillic"])
def test_other_languages_are_read_by_tesseract(languages: str) -> None:
    install = "install tesseract-ocr to have it read"
    assert TextRecognizer("auto", languages, tesseract=MISSING).obstacle() == install
    assert TextRecognizer("auto", languages, tesseract=Spoken("by it")).text_of(PICTURE) == "by it"


def test_the_engine_may_be_named() -> None:
    assert TextRecognizer("tesseract", "eng", tesseract=Spoken("by it")).text_of(PICTURE) == "by it"
    assert TextRecognizer("tesseract", "eng", tesseract=MISSING).obstacle() is not None
    assert TextRecognizer("rapidocr", "eng", tesseract=MISSING).obstacle() is None


def test_a_language_that_the_models_do_not_read_is_refused() -> None:
    recognizer = TextRecognizer("rapidocr", "eng+rus+kor", tesseract=MISSING)
    assert recognizer.obstacle() == "rapidocr does not read rus, kor: set --ocr=auto"


def test_unwanted_recognition_names_the_setting_and_not_the_program() -> None:
    recognizer = TextRecognizer("never", "rus", tesseract=MISSING)
    assert recognizer.obstacle() == "set --ocr=auto to have it read"
    assert not recognizer.wanted


def test_a_hyphen_at_the_end_of_a_line_is_marked() -> None:
    recognizer = TextRecognizer("tesseract", tesseract=Spoken("one-\ntwo - \nthree\f"))
    assert recognizer.text_of(PICTURE) == f"one{LINE_END_HYPHEN}two - \nthree"


@pytest.mark.parametrize("picture", [Image.new("L", (500, 400), 128), PICTURE.resize((300, 5))])
def test_what_cannot_hold_text_is_not_recognised(picture: Image.Image) -> None:
    recognizer = TextRecognizer("tesseract", tesseract=Spoken("noise"))
    assert recognizer.text_of(picture) == ""


def test_languages_are_named_as_packages_of_tesseract_are() -> None:
    assert all(len(each) == 3 or each.startswith("chi_") for each in LANGUAGES_OF_RAPIDOCR)
