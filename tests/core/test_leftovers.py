"""When documents that the catalog does not know are leftovers, and when the catalog is wrong."""

from __future__ import annotations

import pytest

from carrel.core.leftovers import Leftovers


@pytest.mark.parametrize(
    ("unknown", "found", "is_loss"),
    [
        (0, 0, False),
        (0, 12, False),
        (1, 1, False),
        (1, 5, False),
        (2, 2, True),
        (2, 12, True),
        (2, 20, False),
        (12, 12, True),
        (10, 100, False),
        (11, 100, True),
    ],
)
def test_one_or_a_tenth_is_left_over_and_more_is_a_loss(
    unknown: int, found: int, is_loss: bool
) -> None:
    assert Leftovers(found, unknown).is_loss is is_loss
