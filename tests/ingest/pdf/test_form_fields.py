from __future__ import annotations

from pathlib import Path

from reportlab.pdfgen.canvas import Canvas

from carrel.ingest.pdf.pdf import PdfReader


def text_of(path: Path) -> str:
    (section,) = PdfReader().read(path)
    return section.text


def test_values_are_beside_their_labels(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    canvas.drawString(72, 705, "Surname:")
    canvas.drawString(72, 665, "Plan:")
    canvas.drawString(72, 625, "Newsletter")
    canvas.drawString(110, 585, "by post")
    form = canvas.acroForm
    form.textfield(name="surname", value="Quillfeather", x=160, y=700, width=200, height=20)
    form.choice(
        name="plan", value="Gold", options=["Silver", "Gold"], x=160, y=660, width=90, height=20
    )
    form.checkbox(name="letter", checked=True, x=160, y=620, size=20)
    form.checkbox(name="post", checked=False, x=80, y=580, size=20)
    canvas.save()
    assert text_of(tmp_path / "a.pdf").split("\n") == [
        "Surname: Quillfeather",
        "Plan: Gold",
        "Newsletter [x]",
        "[ ] by post",
    ]


def test_the_label_may_be_above_and_in_any_language(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    canvas.drawString(72, 720, "Straße und Hausnummer")
    canvas.drawString(72, 660, "Ort")
    canvas.acroForm.textfield(
        name="a", value="Über den Wiesen 7", x=72, y=690, width=200, height=20
    )
    canvas.acroForm.textfield(name="b", value="Köln", x=72, y=630, width=200, height=20)
    canvas.save()
    assert text_of(tmp_path / "a.pdf").split("\n") == [
        "Straße und Hausnummer",
        "Über den Wiesen 7",
        "Ort",
        "Köln",
    ]


def test_one_of_several_buttons_is_chosen(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    for number, word in enumerate(("oui", "non")):
        canvas.drawString(110, 700 - 40 * number, word)
        canvas.acroForm.radio(
            name="reponse", value=word, selected=word == "non", x=80, y=695 - 40 * number, size=20
        )
    canvas.save()
    assert text_of(tmp_path / "a.pdf").split("\n") == ["[ ] oui", "[x] non"]


def test_values_in_a_ruled_form_are_in_their_cells(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    canvas.grid([72, 172, 372], [720, 690, 660])
    canvas.drawString(76, 700, "Name")
    canvas.drawString(76, 670, "Boat")
    canvas.acroForm.textfield(name="a", value="Ada", x=176, y=695, width=150, height=20)
    canvas.acroForm.textfield(name="b", value="Argo", x=176, y=665, width=150, height=20)
    canvas.save()
    assert text_of(tmp_path / "a.pdf").split("\n") == ["Name | Ada", "Boat | Argo"]


def test_values_below_the_heads_of_a_ruled_table_have_them(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    canvas.grid([72, 172, 372], [720, 690, 660, 630])
    for y, label, head in ((700, "Item", "Amount"), (670, "Boats", ""), (640, "Oars", "")):
        canvas.drawString(76, y, label)
        canvas.drawString(176, y, head)
    canvas.acroForm.textfield(name="a", value="4", x=176, y=665, width=150, height=20)
    canvas.acroForm.textfield(name="b", value="11", x=176, y=635, width=150, height=20)
    canvas.save()
    assert text_of(tmp_path / "a.pdf").split("\n") == [
        "Item | Amount",
        "Item: Boats; Amount: 4",
        "Item: Oars; Amount: 11",
    ]


def test_a_form_on_a_page_without_text_is_read_and_a_password_is_not(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    canvas.acroForm.textfield(name="a", value="Only this", x=72, y=700, width=200, height=20)
    canvas.acroForm.textfield(
        name="b", value="secret", x=72, y=650, width=200, height=20, fieldFlags="password"
    )
    canvas.showPage()
    canvas.save()
    assert text_of(tmp_path / "a.pdf") == "Only this"


def test_values_on_a_rotated_page_are_beside_their_labels(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    canvas.setPageRotation(180)
    canvas.saveState()
    canvas.translate(595, 842)
    canvas.rotate(180)
    canvas.drawString(72, 705, "Name:")
    canvas.drawString(72, 605, "Last line")
    canvas.restoreState()
    canvas.acroForm.textfield(name="a", value="Ada", x=235, y=120, width=200, height=20)
    canvas.save()
    assert text_of(tmp_path / "a.pdf").split("\n") == ["Name: Ada", "Last line"]
