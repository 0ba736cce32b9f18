"""The marks of an answer, whatever the Markdown and the documents hold."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from carrel.core.citations import CheckedSentence
from carrel.core.documents import Chunk, RetrievedChunk
from carrel.services.citations.attribution import cite_answer
from carrel.ui.chat.render_answer import answer_html, legend_html

TEXT = "Total revenue was 18.4 million euros. Costs rose to 15.1 million euros."


def checked(answer: str, text: str = TEXT, name: str = "a.pdf") -> tuple[CheckedSentence, ...]:
    chunk = RetrievedChunk(Chunk("c", "d", 0, text, 7), name, "UserData", 0.5)
    return cite_answer("?", answer, [chunk]).sentences


def rendered(answer: str, **source: str) -> str:
    return answer_html(answer, checked(answer, **source), 2)


def test_a_mark_is_behind_its_sentence_and_names_its_place() -> None:
    html = rendered("The revenue was **18.4 million euros.** Dragons fly.")
    assert '18.4 million euros.<button class="cite-mark"' in html
    assert "</button></strong>" in html
    assert 'data-id="answer.2.0.0"' in html
    assert 'aria-label="Source 1: a.pdf, page 7"' in html
    assert 'title="“Total revenue was 18.4 million euros.” – a.pdf, page 7"' in html
    assert html.count("cite-mark") == 1
    assert '<span class="unsupported" tabindex="0" title="Not found in the sources">Dragons' in html


def test_two_places_in_one_source_are_one_mark() -> None:
    html = rendered("Revenue was 18.4 million euros and costs rose to 15.1 million euros.")
    assert html.count("cite-mark") == 1


def test_lists_and_tables_stay_what_they_are() -> None:
    html = rendered(
        "1. **Revenue** was 18.4 million euros\n2. Dragons fly\n\n| A | B |\n|---|---|\n| x | y |"
    )
    assert "<ol>\n<li><strong>Revenue</strong> was 18.4 million euros<button" in html
    assert "<table>" in html
    assert "<strong></strong>" not in html
    # The dots are put below each cell, never around one.
    assert '<td><span class="unsupported"' in html


def test_what_documents_hold_is_escaped_in_the_marks() -> None:
    hostile = '"><img src=x onerror=alert(1)>'
    html = rendered(f"Alpha beta {hostile}", text=f"Alpha beta {hostile}", name=hostile)
    assert "<img" not in html
    assert "cite-mark" in html


def test_the_legend_is_only_where_something_is_dotted() -> None:
    assert "Dotted" in legend_html(checked("Dragons fly."))
    assert legend_html(checked("Revenue was 18.4 million euros.")) == ""
    assert legend_html(()) == ""


def test_characters_that_represent_marks_cannot_be_written_by_a_model() -> None:
    html = rendered("Revenue was \ue002 18.4 million euros.")
    assert html.count("<button") == 1
    assert "\ufffd" in html


@given(answer=st.text(alphabet="ab1 .*_`|#<>[]()!\n-\ue000\ue002\ue003", max_size=60))
def test_no_answer_leaves_a_sign_or_a_tag_of_its_own(answer: str) -> None:
    html = answer_html(answer, checked(answer, text="a b 1. ab."), 0)
    assert not set("\ue000\ue001\ue002\ue003") & set(html)
    assert "<a>" not in html


def test_a_number_that_the_answer_writes_itself_is_the_mark_and_no_second_one() -> None:
    html = rendered('"Total revenue was 18.4 million euros." [1]')
    assert "[1]" not in html
    assert html.count("cite-mark") == 1
    # Another number is the answer's own business.
    assert "[9]" in rendered('"Total revenue was 18.4 million euros." [9]')


CODE = "```python\ntotal = 18.4  # Total revenue was 18.4 million euros.\nfly(dragons[1])\n```"


def test_code_holds_no_marks_and_keeps_its_numbers_in_brackets() -> None:
    html = rendered(f"Revenue was 18.4 million euros.\n\n{CODE}\n\nDragons fly.")
    code = re.search("<code>.*</code>", html, re.DOTALL)
    assert code
    assert "cite-mark" not in code[0]
    assert "unsupported" not in code[0]
    assert "dragons[<" in code[0]
    assert html.count("cite-mark") == 1
    assert 'title="Not found in the sources">Dragons fly.' in html


def test_a_formula_holds_no_marks_and_they_move_behind_it() -> None:
    html = rendered("Dragons $f. Total x$ fly. Total revenue was \\(18.4\\) million euros.")
    formulas = re.findall("<math.*?</math>", html)
    assert len(formulas) == 2
    assert all("span" not in each and "button" not in each for each in formulas)
    assert html.count("cite-mark") == 1


def test_a_formula_with_lines_to_itself_holds_no_marks() -> None:
    for opening, closing in (("$$", "$$"), ("\\[", "\\]")):
        html = rendered(f"Dragons fly.\n{opening}\nrevenue = 18.4. Total\n{closing}\nCosts rose.")
        assert re.search(r'<div class="formula"[^>]*><math display="block">', html)
        formula = html.partition("<math")[2].partition("</math>")[0]
        assert "span" not in formula
        assert "button" not in formula


PIECES = [
    "Revenue was 18.4 million euros. ", "Dragons fly. ", "$x. Y$", "\\(", "\\)", "$$", "\n", "\\[",
    "\\]", "```", "```python\n", "    ", "- ", "> ", "a[1] ", "`", "**", "\r\n", "| ", "$",
]  # fmt: skip


@given(pieces=st.lists(st.sampled_from(PIECES), max_size=16))
def test_marks_break_neither_code_nor_formulas(pieces: list[str]) -> None:
    answer = "".join(pieces)
    html = answer_html(answer, checked(answer), 0)
    assert not set("\ue000\ue001\ue002\ue003") & set(html)
    for inner in re.findall(r"<math\b.*?</math>|<pre.*?</pre>", html, re.DOTALL):
        assert "unsupported" not in inner
        assert "<button" not in inner
    opened = re.findall(r"<(span|div|p|li|ul|code|pre|math|mi|mrow|button)\b", html)
    closed = re.findall(r"</(span|div|p|li|ul|code|pre|math|mi|mrow|button)>", html)
    assert sorted(opened) == sorted(closed)
