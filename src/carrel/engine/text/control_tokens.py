"""Separates control tokens of a chat template from those in a message's text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from transformers import PreTrainedTokenizerBase
from transformers.utils.chat_template_utils import mark_control_tokens


def marked(
    values: Sequence[Mapping[str, Any]], tokenizer: PreTrainedTokenizerBase, template: str
) -> list[dict[str, Any]]:
    """Return messages or tools with their control tokens marked, for ``encode_marked_chat``.

    Same as ``apply_chat_template(sanitize_control_tokens=True)``, but without compiling the
    template in this process. Control tokens are the special ones and the added tokens that occur in
    the template; white space is none.
    """
    tokens = [
        token.content
        for token in tokenizer.added_tokens_decoder.values()
        if token.special or (token.content in template and not token.content.isspace())
    ]
    longest_first = sorted(tokens, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)) or "(?!)")
    changed: list[dict[str, Any]] = mark_control_tokens([dict(each) for each in values], pattern)
    return changed
