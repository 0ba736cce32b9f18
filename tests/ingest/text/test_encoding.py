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
    "iso8859-2": "Zażółć gęślą jaźń, a potem idź do domu.\n",
    "iso8859-9": "İstanbul'da güneşli bir gün, çok şık.\n",
    "cp1254": "Şirketin geliri geçen yıl önemli ölçüde arttı.\n",
    "iso8859-5": "Љубав је лепа, каже девојка са реке.\n",
    "iso8859-7": "Τα έσοδα της εταιρείας αυξήθηκαν πέρυσι.\n",
    "cp1255": "הכנסות החברה עלו השנה.\n",
    "cp1256": "ارتفعت إيرادات الشركة في العام الماضي.\n",
    "cp1257": "Šodien ir skaista diena, un ķirši zied dārzā.\n",
    "tis_620": "รายได้ของบริษัทเพิ่มขึ้นในปีที่แล้ว\n",
    "euc_kr": "이 문서는 한국어로 작성되었습니다.\n",
    "iso2022_jp": "これは日本語の文書です。\n",
    "iso2022_kr": "이 문서는 한국어로 작성되었습니다.\n",
    "cp852": "Příliš žluťoučký kůň úpěl ďábelské ódy.\n",
    "cp850": "Die Größe der Tür beträgt zwölf Meter.\n",
    "cp866": "Выручка компании в прошлом году выросла.\n",
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


@pytest.mark.parametrize(
    "text",
    ["It’s here.", "The “windows” – all of them…", "Price: 5 €", "• first\n• second", "don’t “go”"],
)
def test_typographic_marks_alone_are_windows_text(text: str) -> None:
    assert decode(text.encode("cp1252")) == text


def test_utf_8_cut_in_the_middle_of_a_character_is_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("schöne Grüße".encode()[:-2])
    assert detect_encoding(path) == "utf-8"


def test_a_byte_order_mark_goes_before_a_declaration() -> None:
    assert decode("Größe".encode("utf-8-sig"), declared="cp1252") == "Größe"


def test_a_declaration_goes_before_a_guess() -> None:
    assert decode("Größe".encode("cp850"), declared="cp850") == "Größe"


@pytest.mark.parametrize(
    ("text", "encoding", "declared"),
    [
        ("Grüße aus Köln – 5 €", "utf-8", "cp1252"),
        ("Выручка компании выросла.", "cp1251", "cp1252"),
        ("Выручка компании выросла.", "koi8_r", "cp1251"),
        ("รายได้ของบริษัทเพิ่มขึ้น", "tis_620", "cp1252"),
        ("会社の売上高は増加しました。", "cp932", "cp1252"),
    ],
)
def test_a_declaration_that_the_bytes_contradict_is_wrong(
    text: str, encoding: str, declared: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode(encoding))
    assert decode(text.encode(encoding), declared) == text
    assert path.read_bytes().decode(detect_encoding(path, declared)) == text


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
