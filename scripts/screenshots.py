"""Make the pictures of the documentation: the real server, the bundled model, a real browser.

python scripts/screenshots.py        writes page.png, documents.png and compare.png in docs/images
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
# The journeys of the tests know how to start the server and how to use the page.
sys.path.insert(0, str(ROOT / "tests"))

from running.browsing import PATIENCE, Visit, launch, visit  # noqa: E402
from running.real_processes import CommandLine, start_server  # noqa: E402
from samples.documents import write_docx, write_pdf, write_xlsx  # noqa: E402

PICTURES = ROOT / "docs" / "images"
LARGEST = 300_000
"""Bytes of a picture in the repository."""

COLORS = 128
QUESTION = "What was the total revenue in 2023?"
COMPARED = "How many passengers did the trust carry in 2023?"
EARLIER = ["When does the Morning Star enter service?", "How much did the new pier cost?"]
REPORT = [
    "The Harbour Trust\nAnnual report 2023\n\n"
    "The trust runs three ferries and two harbours on the west coast.\n"
    "In 2023 it carried 412,000 passengers, six percent more than in the year before.",
    "Finances\n\n"
    "Total revenue was 18.4 million euros in 2023, up from 16.9 million euros in 2022.\n"
    "Operating costs rose to 15.1 million euros because fuel became more expensive.\n"
    "The surplus of 3.3 million euros is kept for the new pier at Kilbride.",
    "Outlook\n\n"
    "A fourth ferry, the Morning Star, enters service in May 2024.\n"
    "The trust expects 450,000 passengers in 2024.",
]
MINUTES = [
    ("Minutes of the board, 12 March 2024", 1),
    "The new pier at Kilbride cost 4.1 million euros. "
    "It was paid from the surplus of 2023 and from a loan of 0.8 million euros.",
    ("Dates", 2),
    "Building began in September 2022 and ended in February 2024.",
]
FARES = [
    ["Route", "Passengers", "Fare in euros"],
    ["Kilbride–Inver", 210_000, 9.5],
    ["Inver–Skerry", 120_000, 14],
    ["Skerry–Kilbride", 82_000, 11],
]


def documents(folder: Path) -> list[Path]:
    """Write the documents that are asked."""
    return [
        write_pdf(folder / "annual-report-2023.pdf", REPORT),
        write_docx(folder / "board-minutes.docx", MINUTES),
        write_xlsx(folder / "passengers-and-fares.xlsx", {"2023": FARES}),
    ]


def take(visitor: Visit, folder: Path) -> None:
    """Use the page as a person does, and keep a picture of the answer."""
    visitor.open("#documents")
    visitor.upload(documents(folder))
    for question in [*EARLIER, QUESTION]:
        visitor.page.get_by_role("button", name="New chat").click()
        expect(visitor.page.locator(".welcome")).to_be_visible()
        visitor.ask_and_wait(question)
        expect(visitor.sources.first).to_be_visible()
    visitor.answer.locator(".cite-mark").first.click()
    expect(visitor.page.locator("#viewer .page-picture img")).to_be_visible()
    keep(visitor, folder, "page")
    visitor.page.keyboard.press("Escape")
    visitor.page.locator("#documents-link").click()
    expect(visitor.page.locator("#documents-view")).to_be_visible()
    keep(visitor, folder, "documents")
    visitor.page.locator("#compare-link").click()
    visitor.page.locator("#compare-question textarea").fill(
        "How many passengers did the trust carry in 2023?"
    )
    visitor.page.locator("#compare-go").click()
    expect(visitor.page.locator(".compare-column .figures")).to_have_count(2)
    expect(visitor.page.locator("#compare-go")).to_be_visible()
    keep(visitor, folder, "compare")


def keep(visitor: Visit, folder: Path, name: str) -> None:
    """Keep a picture of what is in sight."""
    visitor.page.mouse.move(0, 0)
    shot = folder / f"{name}.png"
    visitor.page.screenshot(path=shot)
    PICTURES.mkdir(parents=True, exist_ok=True)
    with Image.open(shot) as picture:
        picture.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE).save(
            PICTURES / f"{name}.png", optimize=True
        )


def main() -> int:
    """Write the pictures; 1 when one is larger than the repository wants."""
    expect.set_options(timeout=PATIENCE)
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        folder = Path(temporary)
        carrel = CommandLine(folder / "db", ROOT / "models")
        lock = "[{'base_model': 'bundled'}, {'base_model': 'bundled', 'name': 'second'}]"
        server = start_server(
            carrel, folder / "server.log", "--offline=True", f"--model_lock={lock}"
        )
        browser = launch(playwright)
        try:
            server.wait_until_ready()
            with visit(browser, server.address) as visitor:
                take(visitor, folder)
        finally:
            browser.close()
            server.stop()
    sizes = {path: path.stat().st_size for path in sorted(PICTURES.glob("*.png"))}
    for path, size in sizes.items():
        print(f"{path.relative_to(ROOT)}: {size:,} bytes")
    return int(max(sizes.values()) > LARGEST)


if __name__ == "__main__":
    sys.exit(main())
