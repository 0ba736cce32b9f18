from __future__ import annotations

from pathlib import Path

import pytest

from carrel.ingest.text.encoding import codec_named, decode, detect_encoding

TEXTS = {
    "cp1252": "L'été dernier, la société a réalisé un bénéfice élevé à Genève.\n",
    "cp1250": "Příliš žluťoučký kůň úpěl ďábelské ódy. Výnosy výrazně vzrostly.\n",
    "cp1251": "Выручка компании в прошлом году значительно выросла.\n",
    "koi8_r": "Выручка компании в прошлом году значительно выросла.\n",
    "cp1253": "Τα έσοδα της εταιρείας αυξήθηκαν πέρυσι σημαντικά.\n",
    "cp932": "当社の売上高は前年度に比べて増加しました。\n",
    "euc_jp": "当社の売上高は前年度に比べて増加しました。\n",
    "gb18030": "本公司去年的营业收入大幅增长。这是一个测试文本。\n",
    "big5": "本公司去年的營業收入大幅增長。這是一個測試文本。\n",
    "cp949": "회사의 매출은 작년에 비해 증가했습니다.\n",
}


@pytest.mark.parametrize("encoding", sorted(TEXTS))
@pytest.mark.parametrize("before", ["", "plain ascii line\n" * 20_000])
def test_legacy_text_is_recognised_wherever_in_the_file_it_begins(
    encoding: str, before: str, tmp_path: Path
) -> None:
    text = before + TEXTS[encoding]
    data = text.encode(encoding)
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    assert data.decode(detect_encoding(path), errors="replace") == text
    assert decode(data) == text


def test_utf_8_cut_in_the_middle_of_a_character_is_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("schöne Grüße".encode()[:-2])
    assert detect_encoding(path) == "utf-8"


def test_a_byte_order_mark_goes_before_a_declaration() -> None:
    assert decode("Größe".encode("utf-8-sig"), declared="cp1252") == "Größe"


def test_a_declaration_goes_before_a_guess() -> None:
    assert decode("Größe".encode("cp850"), declared="cp850") == "Größe"


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("windows-1251", "cp1251"),
        ("ISO-8859-1", "cp1252"),
        ("us-ascii", "cp1252"),
        ("Shift_JIS", "shift_jis"),
        ("utf-8", None),
        ("utf-16", None),
        ("base64", None),
        ("punycode", None),
        ("unicode_escape", None),
        ("no-such", None),
        ("a\0b", None),
        ("", None),
    ],
)
def test_a_declared_name_represents_a_codec_of_text_or_for_none(
    name: str, codec: str | None
) -> None:
    assert codec_named(name) == codec
