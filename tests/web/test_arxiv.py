"""Papers of arXiv, however they are named."""

from __future__ import annotations

import pytest

from carrel.web.arxiv import arxiv_pdf

PDF = "https://arxiv.org/pdf/"


@pytest.mark.parametrize(
    ("named", "identifier"),
    [
        ("arxiv:2101.00001", "2101.00001"),
        ("arXiv:2101.00001v2", "2101.00001v2"),
        (" ARXIV: 0704.0001 ", "0704.0001"),
        ("arxiv:hep-th/9901001", "hep-th/9901001"),
        ("arXiv:hep-th/9901001v3", "hep-th/9901001v3"),
        ("arxiv:math.GT/0309136", "math.gt/0309136"),
        ("https://arxiv.org/abs/2101.00001", "2101.00001"),
        ("http://arxiv.org/abs/2101.00001v12", "2101.00001v12"),
        ("https://www.arxiv.org/pdf/2101.00001v2.pdf", "2101.00001v2"),
        ("https://export.arxiv.org/pdf/hep-th/9901001", "hep-th/9901001"),
        ("arxiv.org/html/2101.00001v1", "2101.00001v1"),
        ("https://arxiv.org/format/2101.00001", "2101.00001"),
        ("https://arxiv.org/abs/2101.00001?context=cs#abstract", "2101.00001"),
        ("https://arxiv.org/abs/2101.00001/", "2101.00001"),
    ],
)
def test_it_names_a_paper(named: str, identifier: str) -> None:
    assert arxiv_pdf(named) == PDF + identifier


@pytest.mark.parametrize(
    "named",
    [
        *("", "2101.00001", "arxiv:", "arxiv:../../etc", "arxiv:2101.1", "arxiv:2101.00001x"),
        *("https://arxiv.org/", "https://arxiv.org/list/cs/new", "https://arxiv.org/abs/"),
        *("https://evil.org/arxiv.org/abs/2101.00001", "https://arxiv.org.evil.org/abs/2101.00001"),
        *("https://user@arxiv.org/abs/2101.00001", "https://evilarxiv.org/abs/2101.00001"),
    ],
)
def test_it_names_none(named: str) -> None:
    assert arxiv_pdf(named) is None
