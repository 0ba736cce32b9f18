"""What a slide shows besides its title and text boxes, and in which order."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pptx
import pytest
from pptx.chart.data import CategoryChartData, XyChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.opc.package import Part
from pptx.opc.packuri import PackURI
from pptx.oxml import parse_xml
from pptx.util import Emu, Inches

from carrel.ingest.office.open_xml.slide_order import PlacedText, lines_in_order
from carrel.ingest.office.presentation import PresentationReader
from samples.damaged_files import zip_of
from samples.documents import write_pptx
from samples.open_xml import parts_of, strict_form

PLACE = (Inches(1), Inches(2), Inches(4), Inches(3))
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006"
NAMESPACES = (
    f'xmlns:a="{DRAWING}/main" xmlns:dgm="{DRAWING}/diagram" xmlns:r="{RELATIONS}" '
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:a14="http://schemas.microsoft.com/office/drawing/2010/main" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
)


def new_slide() -> tuple[Any, Any]:
    presentation = pptx.Presentation()
    return presentation, presentation.slides.add_slide(presentation.slide_layouts[6])


def text_of(presentation: Any, tmp_path: Path) -> str:
    presentation.save(str(tmp_path / "a.pptx"))
    return "\n".join(section.text for section in PresentationReader().read(tmp_path / "a.pptx"))


def box(slide: Any, left: float, top: float, text: str, width: float = 3, height: float = 1) -> Any:
    shape = slide.shapes.add_textbox(Inches(left), Inches(top), Inches(width), Inches(height))
    shape.text_frame.text = text
    return shape


@pytest.mark.parametrize(
    ("drawn", "read"),
    [
        # Two columns, each a head with its text close below.
        (
            [(5, 3, "22:00"), (1, 3, "06:00"), (5, 2, "Sunday"), (1, 2, "Monday")],
            ["Monday", "06:00", "Sunday", "22:00"],
        ),
        # Rows of a label and its value, far apart from each other.
        (
            [(4.1, 4, "closed"), (1, 4, "Sunday"), (4.1, 1, "06:00"), (1, 1, "Monday")],
            ["Monday", "06:00", "Sunday", "closed"],
        ),
        ([(1, 5, "third"), (1, 1, "first"), (1, 3, "second")], ["first", "second", "third"]),
        ([(1, 2, "يسار"), (5, 2, "يمين")], ["يمين", "يسار"]),
    ],
)
def test_shapes_are_read_by_their_places(
    tmp_path: Path, drawn: list[tuple[float, float, str]], read: list[str]
) -> None:
    presentation, slide = new_slide()
    for left, top, text in drawn:
        box(slide, left, top, text)
    assert text_of(presentation, tmp_path).split("\n") == read


def test_texts_without_a_place_come_first_and_many_take_no_time() -> None:
    texts = [PlacedText((f"line {row}",), (0, row * 10, 100, row * 10 + 9)) for row in range(999)]
    lines = lines_in_order([*texts[::-1], PlacedText(("nowhere",), None)])
    assert lines == ["nowhere", *(f"line {row}" for row in range(999))]


def test_the_values_of_charts_are_read(tmp_path: Path) -> None:
    presentation, slide = new_slide()
    data = CategoryChartData(number_format="0%")
    data.categories = ["Rye", "Hafer"]
    data.add_series("Share", (0.34, 0.275))
    chart = slide.shapes.add_chart(XL_CHART_TYPE.PIE, *PLACE, data).chart
    chart.has_title = True
    chart.chart_title.text_frame.text = "Harvest"
    points = XyChartData()
    series = points.add_series("Lauf")
    series.add_data_point(1.5, 20)
    slide.shapes.add_chart(XL_CHART_TYPE.XY_SCATTER, PLACE[0], Inches(6), *PLACE[2:], points)
    assert text_of(presentation, tmp_path) == ("Harvest\nShare: Rye 34%; Hafer 28%\nLauf: 1.5 20")


def test_diagrams_are_read(tmp_path: Path) -> None:
    presentation, slide = new_slide()
    points = "".join(
        f"<dgm:pt><dgm:t><a:p><a:r><a:t>{text}</a:t></a:r></a:p></dgm:t></dgm:pt>"
        for text in ("Rinse", "", "乾かす")
    )
    data = f"<dgm:dataModel {NAMESPACES}><dgm:ptLst>{points}</dgm:ptLst></dgm:dataModel>"
    kind = "application/vnd.openxmlformats-officedocument.drawingml.diagramData+xml"
    part = Part(PackURI("/ppt/diagrams/data1.xml"), kind, slide.part.package, data.encode())
    key = slide.part.relate_to(part, f"{RELATIONS}/diagramData")
    slide.shapes._spTree.append(
        parse_xml(
            f'<p:graphicFrame {NAMESPACES}><p:nvGraphicFramePr><p:cNvPr id="9" name="D"/>'
            "<p:cNvGraphicFramePr/><p:nvPr/></p:nvGraphicFramePr><p:xfrm><a:off x='0' y='0'/>"
            f'<a:ext cx="9" cy="9"/></p:xfrm><a:graphic><a:graphicData uri="{DRAWING}/diagram">'
            f'<dgm:relIds r:dm="{key}"/></a:graphicData></a:graphic></p:graphicFrame>'
        )
    )
    assert text_of(presentation, tmp_path) == "Rinse\n乾かす"


def shape_xml(number: int, paragraph: str) -> str:
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="{number}" name="S"/><p:cNvSpPr/><p:nvPr/></p:nvSpPr>'
        f"<p:spPr/><p:txBody><a:bodyPr/><a:p>{paragraph}</a:p></p:txBody></p:sp>"
    )


def test_of_alternatives_one_is_read_with_its_equations(tmp_path: Path) -> None:
    presentation, slide = new_slide()
    math = (
        "<a:r><a:t>Torque </a:t></a:r><a14:m><m:oMath><m:r><m:t>M=</m:t></m:r><m:sSub><m:e>"
        "<m:r><m:t>F</m:t></m:r></m:e><m:sub><m:r><m:t>1</m:t></m:r></m:sub></m:sSub></m:oMath>"
        "</a14:m>"
    )
    slide.shapes._spTree.append(
        parse_xml(
            f'<mc:AlternateContent {NAMESPACES}><mc:Choice Requires="a14">{shape_xml(7, math)}'
            f"</mc:Choice><mc:Fallback>{shape_xml(7, '<a:r><a:t>picture</a:t></a:r>')}"
            "</mc:Fallback></mc:AlternateContent>"
        )
    )
    assert text_of(presentation, tmp_path) == "Torque M=F_1"


def test_numbered_paragraphs_have_their_numbers(tmp_path: Path) -> None:
    presentation, slide = new_slide()
    frame = box(slide, 1, 1, "").text_frame
    schemes = [("arabicPeriod", 0), ("alphaLcParenR", 1), ("alphaLcParenR", 1), ("arabicPeriod", 0)]
    for index, (scheme, level) in enumerate(schemes):
        paragraph = frame.paragraphs[0] if index == 0 else frame.add_paragraph()
        paragraph.text, paragraph.level = "step", level
        properties = paragraph._p.get_or_add_pPr()
        properties.append(parse_xml(f'<a:buAutoNum {NAMESPACES} type="{scheme}"/>'))
    assert text_of(presentation, tmp_path) == "1. step\na) step\nb) step\n2. step"


def test_comments_and_hidden_slides_are_marked(tmp_path: Path) -> None:
    presentation, slide = new_slide()
    box(slide, 1, 1, "Budget")
    slide._element.set("show", "0")
    kind = "application/vnd.openxmlformats-officedocument.presentationml."
    authors = f'<p:cmAuthorLst {NAMESPACES}><p:cmAuthor id="3" name="Zoë"/></p:cmAuthorLst>'
    comments = f'<p:cmLst {NAMESPACES}><p:cm authorId="3"><p:text>too low</p:text></p:cm></p:cmLst>'
    for owner, name, data in (
        (presentation.part, "commentAuthors", authors),
        (slide.part, "comments", comments),
    ):
        uri = PackURI(f"/ppt/{name}1.xml")
        part = Part(uri, f"{kind}{name}+xml", slide.part.package, data.encode())
        owner.relate_to(part, f"{RELATIONS}/{name}")
    assert text_of(presentation, tmp_path) == "(Hidden slide)\nBudget\nComment (Zoë): too low"


def test_pictures_have_their_alternative_texts(tmp_path: Path) -> None:
    presentation, slide = new_slide()
    for top, text in ((1, "Map of the pier"), (2, "photo1.png")):
        shape = slide.shapes.add_shape(1, Inches(1), Inches(top), Emu(9000), Emu(9000))
        shape._element._nvXxPr.cNvPr.set("descr", text)
    assert text_of(presentation, tmp_path) == "Image: Map of the pier"


def test_the_strict_form_is_read_like_the_ordinary_one(tmp_path: Path) -> None:
    path = write_pptx(tmp_path / "a.pptx", [("Results", "up\nagain", "Say thanks")])
    ordinary = list(PresentationReader().read(path))
    path.write_bytes(zip_of(strict_form(parts_of(path))))
    assert list(PresentationReader().read(path)) == ordinary


def test_texts_of_masters_and_layouts_are_read_once_with_the_first_slide(tmp_path: Path) -> None:
    made = pptx.Presentation()
    layout = made.slide_layouts[5]
    box = copy.deepcopy(made.slides.add_slide(layout).shapes.add_textbox(0, 0, 9, 9)._element)
    made.slides[0].shapes[-1].text_frame.text = "Own"
    for holder, text in ((layout, "Draft"), (made.slide_master, "Müller GmbH")):
        fixed = copy.deepcopy(box)
        holder.shapes._spTree.append(fixed)
        holder.shapes[-1].text_frame.text = text
    made.slides.add_slide(layout).shapes.title.text = "Second"
    hidden = made.slides.add_slide(made.slide_layouts[6])
    hidden._element.set("showMasterSp", "0")
    hidden.shapes.add_textbox(0, 0, 9, 9).text_frame.text = "Third"
    made.save(str(tmp_path / "a.pptx"))
    texts = [section.text for section in PresentationReader().read(tmp_path / "a.pptx")]
    label = "On slides like this:"
    assert texts == [f"Own\n{label} Draft\n{label} Müller GmbH", "Second", "Third"]
