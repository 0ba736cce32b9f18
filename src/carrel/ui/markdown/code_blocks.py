"""Renders code blocks: language name, copy button, and syntax colors by classes.

A model chooses the language and the code, and an answer is rendered again for each delta. So the
languages are a fixed list, and size and time are limited; beyond that code stays plain.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from html import escape
from itertools import groupby
from time import monotonic

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Token

from carrel.ui.i18n.texts import Texts

LONGEST_COLORED = 20_000
"""Maximum characters of a colored block."""
LONGEST_TIME = 0.1
"""Seconds: for some texts a lexer takes minutes."""
_LONGEST_NAME = 24
_KEPT = 128
# Excluded: languages whose lexers may take seconds for one word, which no timeout interrupts, and
# those that delegate to the lexer of another language.
LANGUAGES = {
    "bash", "c", "clojure", "cmake", "cpp", "csharp", "css", "dart", "diff", "docker", "elixir",
    "fsharp", "go", "graphql", "groovy", "haskell", "html", "java", "javascript", "json", "jsx",
    "julia", "kotlin", "latex", "lua", "make", "nginx", "perl", "php", "powershell", "protobuf",
    "python", "r", "ruby", "rust", "scala", "scss", "sql", "swift", "terraform",
    "toml", "tsx", "typescript", "vb.net", "xml", "yaml",
}  # fmt: skip
"""The supported languages, by Pygments' names."""
_OTHER_NAMES = {
    "c#": "csharp", "c++": "cpp", "console": "bash", "dockerfile": "docker", "golang": "go",
    "hcl": "terraform", "js": "javascript", "jsonc": "json", "kt": "kotlin", "makefile": "make",
    "patch": "diff", "ps1": "powershell", "py": "python", "pycon": "python",
    "python3": "python", "rb": "ruby", "rs": "rust", "sh": "bash", "shell": "bash",
    "svg": "xml", "tex": "latex", "ts": "typescript", "yml": "yaml", "zsh": "bash",
}  # fmt: skip
_CLASSES: dict[tuple[str, ...], str] = {
    Token.Comment: "comment",
    Token.Keyword: "keyword",
    Token.Operator.Word: "keyword",
    Token.Name.Tag: "keyword",
    Token.Name.Builtin: "name",
    Token.Name.Class: "name",
    Token.Name.Decorator: "name",
    Token.Name.Function: "name",
    Token.Name.Attribute: "name",
    Token.Literal.String: "string",
    Token.Literal.Number: "number",
    Token.Keyword.Constant: "number",
    Token.Generic.Deleted: "deleted",
    Token.Generic.Inserted: "inserted",
    Token.Generic.Heading: "keyword",
    Token.Generic.Subheading: "keyword",
    Token.Generic.Prompt: "comment",
}


def code_block_html(code: str, language: str, texts: Texts) -> str:
    """Return a code block; ``language`` is the info string of the fence, or empty."""
    word = language.strip().lower()
    name = _OTHER_NAMES.get(word, word)
    shown = escape(language.strip()[:_LONGEST_NAME]) or texts.html("code.text")
    colored = name in LANGUAGES and len(code) <= LONGEST_COLORED
    inner = _colored(code, name) if colored else escape(code)
    label = texts.html("code.label", language="\0").replace("\0", shown)
    return (
        f'<div class="code-block"><div class="code-head"><span>{shown}</span>'
        '<button type="button" class="code-copy" aria-live="polite" data-copy '
        f'data-copied="{texts.html("copied")}" data-failed="{texts.html("copy.failed")}">'
        f"{texts.html('copy')}</button></div>"
        f'<pre tabindex="0" role="group" aria-label="{label}"><code>{inner}</code></pre>'
        "</div>\n"
    )


# While an answer grows, its finished blocks are rendered again and again.
@lru_cache(maxsize=_KEPT)
def _colored(code: str, name: str) -> str:
    lexer = get_lexer_by_name(name, stripnl=False, ensurenl=False)
    parts: list[str] = []
    for kind, group in groupby(_tokens(lexer, code), key=lambda each: each[0]):
        text = escape("".join(text for _, text in group))
        parts.append(f'<span class="code-{kind}">{text}</span>' if kind else text)
    return "".join(parts)


def _tokens(lexer: Lexer, code: str) -> Iterator[tuple[str, str]]:
    """Yield each token's class and text; after the time limit, the rest in one piece."""
    end = monotonic() + LONGEST_TIME
    for start, token, text in lexer.get_tokens_unprocessed(code):
        if monotonic() > end:
            yield "", code[start:]
            return
        yield _class(token), text


def _class(token: tuple[str, ...]) -> str:
    """Return the class of a token type, or of its nearest parent with one."""
    for end in range(len(token), 0, -1):
        if token[:end] in _CLASSES:
            return _CLASSES[token[:end]]
    return ""
