r"""Formula syntax in Markdown: ``$...$``, ``$$...$$``, ``\(...\)`` and ``\[...\]``.

A dollar is a currency sign by default: it opens a formula only if no adjacent letter, digit or
space contradicts.
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

# Each pattern ends at the next delimiter of its kind, so that no text takes quadratic time.
_DISPLAYED = re.compile(
    r"\$\$(?P<dollars>(?:\\.|[^\\$])+)\$\$|\\\[(?P<brackets>(?:[^\\]|\\[^\[\]])+)\\\]", re.DOTALL
)
_INLINE = re.compile(
    r"\$(?!\s)(?P<dollars>(?:\\.|[^\\$])+)(?<!\s)\$(?![\w$])"
    r"|\\\((?P<brackets>(?:[^\\]|\\[^()])+)\\\)",
    re.DOTALL,
)
_ENDS = {"$$": "$$", "\\[": "\\]"}
_MOST_LINES = 60
"""Of a display formula."""


def add_formulas(parser: MarkdownIt) -> None:
    """Add the tokens ``formula``, ``formula_displayed`` and ``formula_block`` to a parser."""
    parser.inline.ruler.before("escape", "formula", _formula)
    parser.block.ruler.before(
        "fence", "formula_block", _block, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )


def _formula(state: StateInline, silent: bool) -> bool:
    position = state.pos
    if state.src[position] not in "$\\":
        return False
    before = state.src[position - 1] if position else " "
    kind, found = "formula_displayed", _DISPLAYED.match(state.src, position, state.posMax)
    if not found:
        kind, found = "formula", _INLINE.match(state.src, position, state.posMax)
    if not found or (state.src[position] == "$" and (before.isalnum() or before in "$\\")):
        return False
    latex = found["dollars"] or found["brackets"]
    if not latex.strip():
        return False
    if not silent:
        token = state.push(kind, "", 0)
        token.content = latex
        token.markup = found[0]
    state.pos = found.end()
    return True


def _block(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    start = state.bMarks[first] + state.tShift[first]
    closing = _ENDS.get(state.src[start : start + 2])
    if closing is None or state.is_code_block(first):
        return False
    lines: list[str] = []
    for number in range(first, min(last, first + _MOST_LINES)):
        if number > first and (state.isEmpty(number) or state.sCount[number] < state.blkIndent):
            return False
        at = start + 2 if number == first else state.bMarks[number] + state.tShift[number]
        line = state.src[at : state.eMarks[number]].rstrip()
        if closing in line:
            if not line.endswith(closing) or line.index(closing) != len(line) - 2:
                return False
            lines.append(line[:-2])
            break
        lines.append(line)
    else:
        return False
    content = "\n".join(lines)
    if not content.strip():
        return False
    if not silent:
        state.line = number + 1
        token = state.push("formula_block", "", 0)
        token.block = True
        token.content = content
        token.markup = state.src[start : start + 2] + content + closing
        token.map = [first, state.line]
    return True
