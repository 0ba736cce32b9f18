"""Files on which rows, columns or digits once moved; without the folder of them, nothing runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from carrel.ingest.registry import default_registry

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "cases" / "documents"
GATE = ["Month: May; Cars: 41; Buses: 7", "Month: July; Cars: 52; Buses: 4"]
SEASONS = ["Station: Alder; Summer: 41", "Station: Cedar; Autumn: 9"]
CASES = {
    "06-pdf-single-characters-glued/f15_table.pdf": [
        *SEASONS,
        "Station: Dogwood; Spring: 5; Summer: 6; Autumn: 7",
    ],
    "06-pdf-single-characters-glued/f30_rotate90.pdf": GATE,
    "08-empty-cells/d05_emptycells.docx": SEASONS,
    "08-empty-cells/f15b_ruled.pdf": SEASONS,
    "08-empty-cells/h03_table.html": ["Stop: Quay; Ferry: 7", "Stop: Mill; Bus: 12; Ferry: 9"],
    "08-empty-cells/o01.odt": ["Stop: Quay; Tram: 7"],
    "08-empty-cells/p05_emptycells.pptx": ["Name: Rosa; Late: x", "Name: Timo; Night: x"],
    "08-empty-cells/r01.rtf": ["Stop: Quay; Tram: 7"],
    "09-merged-cells/d06_merged.docx": [
        "Town: Oakley; Rainfall 2022 May: 15; Rainfall 2022 June: 28; Rainfall 2022 July: 3"
    ],
    "09-merged-cells/h04_span.html": ["Year: 2020; Wheat Area: 13; Wheat Yield: 6"],
    "09-merged-cells/x02_twolevel.xlsx": [
        "Region: South; 2022 Q1: 21; 2022 Q2: 22; 2023 Q1: 23; 2023 Q2: 24"
    ],
    "09-merged-cells/x03_vmerge.xlsx": ["Group: Stone fruit; Fruit: Cherry; Crates: 9"],
    "10-year-and-date-headers/c03_years.csv": ["country: Land79; 2019: 79; 2020: 80; 2021: 81"],
    "10-year-and-date-headers/x12_years.xlsx": [
        "Region: Region 050; 2021: 151; 2022: 252; 2023: 353"
    ],
    "10-year-and-date-headers/x16_emptycorner.xlsx": ["Tank 1; Litres: 10"],
    "10-year-and-date-headers/x17_duphead.xlsx": ["Account: Acc2; Amount: 2; Amount: 4; Note: n"],
    "10-year-and-date-headers/x19_datehead.xlsx": [
        "Line: Line 59; 2024-01-01: 59; 2024-02-01: 60; 2024-03-01: 61"
    ],
    "11-superscripts/d09_inline.docx": [
        "Area is 10^6 square metres, written H2O. See note[3]",
    ],
    "11-superscripts/f17_super.pdf": ["The plant made 10^6 bolts and sold 240[1] of them."],
    "11-superscripts/o01.odt": ["Flow 10^3 l."],
    "11-superscripts/r01.rtf": ["Body Grüße, 10^6 cells."],
    "19-rotated-pages/f30_rotate180.pdf": GATE,
    "19-rotated-pages/f31_rotruled180.pdf": GATE,
    "19-rotated-pages/f31_rotruled90.pdf": GATE,
    "26-formulas-without-results/x01_formulas.xlsx": [
        "Item: Chair; Qty: 2; Price: 30; Total: =B2*C2"
    ],
    "27-header-guesses/c08_nohead.csv": ["Anna | Berlin | red", "Cleo | Bonn | green"],
    "27-header-guesses/x21_keyvalue.xlsx": ["Project | Heron", "Budget | 5000"],
}


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the folder of cases is not there")
@pytest.mark.parametrize("name", CASES)
def test_a_case_reads_as_it_should(name: str) -> None:
    path = FOLDER / name
    sections = default_registry().reader_for(path, path.name).read(path)
    lines = {line for section in sections for line in section.text.split("\n")}
    assert [line for line in CASES[name] if line not in lines] == []
