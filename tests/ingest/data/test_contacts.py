from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from carrel.core.documents import Section
from carrel.core.errors import EmptyDocument, UnreadableDocument
from carrel.ingest.data.contacts import ContactReader
from samples.documents import write_text


def read(tmp_path: Path, text: str) -> list[Section]:
    return list(ContactReader().read(write_text(tmp_path / "a.vcf", text)))


def test_each_contact_is_a_line(tmp_path: Path) -> None:
    text = (
        "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Lovelace;Ada;King;Dr.;\r\nFN:Ada Lovelace\r\n"
        "ORG:Engines\\, Ltd.;Analysis\r\nitem1.EMAIL;TYPE=INTERNET:ada@example.org\r\n"
        "TEL;TYPE=WORK,VOICE:+44 1\r\nTEL;TYPE=CELL:+44 2\r\nTEL;TYPE=CELL:+44 3\r\n"
        "ADR;TYPE=home:;;12 St James;London;;SW1;UK\r\nBDAY:18151210\r\n"
        "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ\r\n SkZJRg==\r\nNOTE:Wrote\\nnotes\r\nEND:VCARD\r\n"
        "BEGIN:VCARD\nVERSION:4.0\nN:Babbage;Charles;;;\nTEL;VALUE=uri:tel:+44-5\nEND:VCARD\n"
    )
    assert read(tmp_path, text) == [
        Section(
            "Name: Ada Lovelace; Organization: Engines, Ltd., Analysis; Telephone (work): +44 1; "
            "Telephone (cell): +44 2, +44 3; E-mail: ada@example.org; "
            "Address (home): 12 St James, London, SW1, UK; Birthday: 1815-12-10; "
            "Note: Wrote notes\n"
            "Name: Charles Babbage; Telephone: +44-5"
        )
    ]


def test_old_cards_pack_their_letters(tmp_path: Path) -> None:
    text = (
        "BEGIN:VCARD\nVERSION:2.1\n"
        "FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=BCrgen =\n=C3=9Fig\n"
        "N;CHARSET=ISO-8859-1;QUOTED-PRINTABLE:Ab=E9;B\n"
        "NOTE;ENCODING=QUOTED-PRINTABLE:a=0D=0Ab\nTEL;HOME;VOICE:5\nEND:VCARD\n"
    )
    assert read(tmp_path, text) == [Section("Name: Jürgen ßig; Telephone (home): 5; Note: a b")]


def test_a_large_picture_is_passed_over(tmp_path: Path) -> None:
    photo = "\n".join(" " + "QUJD" * 18 for _ in range(100_000))
    text = f"BEGIN:VCARD\nFN:Ada\nPHOTO;ENCODING=b:QUJD\n{photo}\nTEL:5\nEND:VCARD\n"
    path = write_text(tmp_path / "a.vcf", text)
    tracemalloc.start()
    sections = list(ContactReader().read(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sections == [Section("Name: Ada; Telephone: 5")]
    assert peak < 4 << 20


def test_what_holds_no_contacts_is_named_as_such(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match="it holds no contacts"):
        read(tmp_path, "Name: Ada\n")
    with pytest.raises(EmptyDocument):
        read(tmp_path, "BEGIN:VCARD\nPHOTO:x\nEND:VCARD\n")
