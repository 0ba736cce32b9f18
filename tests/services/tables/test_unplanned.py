"""A question with a part that no plan applies is not computed; heads may be abbreviated."""

import pytest

from carrel.services.tables.calculation import calculated
from carrel.services.tables.row_text import rows_of

PUMPS = """Item no.: P-1; Model: Heron 40; Price: 310; Weight: 21 kg; Stock: 14
Item no.: P-2; Model: Heron 60; Price: 420; Weight: 28 kg; Stock: 9
Item no.: P-3; Model: Teal 20; Price: 150; Weight: 9 kg; Stock: 31"""


@pytest.mark.parametrize(
    "question",
    [
        "How many models cost no more than 300?",
        "Which models are not the cheapest?",
        "What is the median price?",
        "Which model is the second cheapest?",
        "What is the total price of the Herons?",
        "What is the total stock of models under 300 euros?",
        "What is the cheapest model that weighs more than 20 kg?",
    ],
)
def test_a_part_that_no_plan_applies(question: str) -> None:
    assert calculated(question, rows_of(PUMPS), "pumps.csv", is_only_table=True) is None


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is the total stock?", "54"),
        ("Which model is the cheapest?", "Teal 20"),
        ("How many models cost more than 300?", "2"),
    ],
)
def test_a_table_with_an_abbreviated_head(question: str, answer: str) -> None:
    found = calculated(question, rows_of(PUMPS), "pumps.csv", is_only_table=True)
    assert found is not None
    assert answer in found.text


@pytest.mark.parametrize("head", ["Item no.", "No. of staff", "Avg. price", "Max. load"])
def test_an_abbreviation_does_not_end_a_sentence(head: str) -> None:
    assert rows_of(f"{head}: 4; Place: Oak")[0].heads == (head, "Place")
