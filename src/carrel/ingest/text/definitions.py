"""Patterns of top-level definitions in source code, by family of languages."""

from __future__ import annotations

import re

_WORDS = r"(?:[a-z@]+\s+){0,6}"
_PYTHON = re.compile(r"(?:async\s+def|def|class)\s+\w")
_SCRIPT = re.compile(
    rf"{_WORDS}(?:function\*?|class|interface|enum|namespace)\s+[\w$]"
    r"|(?:export\s+)?(?:declare\s+)?type\s+\w+[^=;]{0,100}="
    r"|(?:export\s+)?(?:const|let|var)\s+[\w$]+[^=]{0,100}=\s*(?:async\s+)?"
    r"(?:function\b|\([^)]{0,300}\)[^=]{0,100}=>|[\w$]+\s*=>)"
)
_CLASSES = re.compile(
    rf"{_WORDS}(?:class|interface|@interface|enum|record|struct|trait|object|protocol|extension"
    r"|actor|fun|func|function|def|namespace)\s+[\w`<]"
)
_GO = re.compile(r"func\s+[\w(]|type\s+\w")
_RUST = re.compile(
    r"(?:pub(?:\([^)]{0,50}\))?\s+)?(?:(?:async|unsafe|const|default|extern(?:\s+\"\w+\")?)\s+){0,4}"
    r"(?:(?:fn|struct|enum|union|trait|mod)\s+\w|impl\b|macro_rules!\s*\w)"
)
# A type, or a function: a name and a bracket on a line that does not end like a statement.
_C = re.compile(
    r"(?:typedef\s+)?(?:class|struct|enum|union|namespace)\b[^;()=]*$|@(?:interface|implementation)\b"
    r"|(?!(?:if|for|while|switch|return|else|do|case|typedef)\b)[A-Za-z_][\w\s*&:<>,~]*\([^;]*$"
)
_RUBY = re.compile(r"(?:def|class|module)\s+\S")
_SHELL = re.compile(r"function\s+\w|[\w.-]+\s*\(\)")
_POWERSHELL = re.compile(r"(?:function|filter|class|workflow)\s+\w", re.IGNORECASE)
_SQL = re.compile(
    r"(?:create|alter)\s+(?:[\w@=]+\s+){0,4}?"
    r"(?:table|view|function|procedure|proc|trigger|type|package|index|schema)\s+\S",
    re.IGNORECASE,
)
_R = re.compile(r"[\w.]+\s*(?:<-|=)\s*function\b")
_LUA = re.compile(r"(?:local\s+)?function\s+[\w.:]+|[\w.]+\s*=\s*function\b")
_PERL = re.compile(r"(?:sub|package)\s+\w")
_MATLAB = re.compile(r"(?:function|classdef)\b|@(?:interface|implementation)\b")
_YAML = re.compile(r"""["']?[\w][^#:]{0,100}:\s*(?:#.*|[&!|>].*)?$""")
_TABLES = re.compile(r"\[.+\]\s*(?:[#;].*)?$")
_TEX = re.compile(
    r"\\(?:part|chapter|(?:sub){0,2}section|paragraph)\*?(?:\[[^\]]*\])?\{(?P<name>.+?)\}"
)
_JULIA = re.compile(r"(?:function|macro|struct|mutable\s+struct|abstract\s+type|module)\s+\w")
_ELIXIR = re.compile(r"(?:defmodule|defprotocol|defimpl)\s+\w")
_HASKELL = re.compile(r"(?:data|newtype|type|class|instance|module)\s+\w|[a-z_][\w']*\s+::")

DEFINITIONS: dict[str, re.Pattern[str] | None] = {
    **dict.fromkeys((".py", ".pyi"), _PYTHON),
    **dict.fromkeys((".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx", ".vue", ".svelte"), _SCRIPT),
    **dict.fromkeys((".java", ".cs", ".kt", ".kts", ".scala", ".swift", ".php"), _CLASSES),
    **dict.fromkeys((".groovy", ".dart"), _CLASSES),
    **dict.fromkeys((".c", ".h", ".cc", ".hh", ".cpp", ".hpp", ".cxx", ".mm"), _C),
    ".go": _GO,
    ".rs": _RUST,
    ".rb": _RUBY,
    **dict.fromkeys((".sh", ".bash", ".zsh"), _SHELL),
    ".ps1": _POWERSHELL,
    ".sql": _SQL,
    ".r": _R,
    ".m": _MATLAB,
    ".jl": _JULIA,
    ".lua": _LUA,
    **dict.fromkeys((".pl", ".pm"), _PERL),
    **dict.fromkeys((".ex", ".exs"), _ELIXIR),
    ".hs": _HASKELL,
    **dict.fromkeys((".yaml", ".yml"), _YAML),
    **dict.fromkeys((".toml", ".ini", ".cfg"), _TABLES),
    ".tex": _TEX,
    **dict.fromkeys((".conf", ".properties", ".bat", ".css", ".scss", ".proto")),
    **dict.fromkeys((".graphql", ".gradle", ".cmake", ".tf", ".diff", ".patch")),
}
"""Pattern of a definition, by suffix; None if only lines are supported."""
