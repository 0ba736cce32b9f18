"""Words made comparable."""

import pytest

from carrel.services.text.languages import language_of
from carrel.services.text.search_words import with_search_words
from carrel.services.text.terms import question_terms, stem, terms


def test_words_are_stemmed_and_stop_words_dropped() -> None:
    assert terms("What were the companies that it acquired?") == terms("company acquiring")


@pytest.mark.parametrize("written", ["FY21", "FY2021", "fy 2021", "FY'21", "2021"])
def test_a_fiscal_year_is_its_number(written: str) -> None:
    assert terms(f"revenue in {written}") == ["revenu", "2021"]


def test_numbers_and_other_scripts_stay_as_they_are() -> None:
    assert terms("1,234.5 Straße 東京 кипит") == ["1,234.5", "straße", "東京", "кипит"]


def test_forms_of_a_word_have_one_stem() -> None:
    assert stem("Opened") == stem("opens") == stem("opening") == "open"


@pytest.mark.parametrize(
    ("language", "written", "asked"),
    [
        ("de", "Die Verträge wurden gekündigt.", "Wann wurde der Vertrag gekündigt?"),
        ("fr", "Les contrats ont été résiliés.", "Le contrat a été résilié"),
        ("es", "Los contratos fueron firmados.", "¿Cuándo fue firmado el contrato?"),
        ("ru", "Договоры были подписаны.", "Когда был подписан договор?"),
        ("ar", "وُقِّعَ العقد في مايو", "متى وقع العقد في مايو"),
    ],
)
def test_other_languages_have_their_own_stems(language: str, written: str, asked: str) -> None:
    assert language_of(written) == language
    assert set(terms(asked, language)) & set(terms(written, language))
    assert len(set(terms(asked, language)) - set(terms(written, language))) <= 1


@pytest.mark.parametrize(
    ("written", "asked", "shared"),
    [
        ("第三水厂的净利润为1180万元。", "2022年的净利润是多少？", {"净利", "利润"}),
        ("第三水厂于2022年建成。", "2022年", {"2022"}),
        ("도서관은 아홉 시에 엽니다.", "도서관", {"도서", "서관"}),
        ("図書館は九時に開く。", "図書館", {"図書", "書館"}),
        ("ห้องสมุด", "ห้องสมุด", {"สม"}),
    ],
)
def test_scripts_without_spaces_are_pairs_of_characters(
    written: str, asked: str, shared: set[str]
) -> None:
    assert shared <= set(terms(written)) & set(terms(asked))


@pytest.mark.parametrize(
    ("language", "question", "left"),
    [
        ("zh", "公司现在的总经理是谁？", ["公司", "司现", "现在", "总经", "经理"]),
        ("ja", "図書館はいつ開きますか", ["図書", "書館", "開"]),
        ("ko", "도서관은 언제 엽니까?", ["도서", "서관", "관은", "엽니", "니까"]),
    ],
)
def test_question_words_without_spaces_are_dropped(
    language: str, question: str, left: list[str]
) -> None:
    assert set(question_terms(question, language)) <= set(left)
    assert question_terms(question, language)


def test_full_width_letters_and_digits_are_the_same_word() -> None:
    assert terms("ＡＢ１２３") == terms("AB123")


def test_the_keyword_index_gets_the_stems_of_other_languages() -> None:
    assert with_search_words("The contracts were signed.") == "The contracts were signed."
    stemmed = with_search_words("Die Verträge wurden von den Parteien unterschrieben.")
    assert stemmed.startswith("Die Verträge wurden")
    assert "vertrag" in stemmed.splitlines()[1].split()
    assert with_search_words("公司的总经理") == "公司的总经理"


@pytest.mark.parametrize("text", ["", "12.5", "PO-5531", "Total 2023", "AB-1030/7: 14.5"])
def test_a_text_of_numbers_and_names_counts_as_english(text: str) -> None:
    assert language_of(text) == "en"
