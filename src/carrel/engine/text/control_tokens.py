"""Tells the control tokens that a chat template writes from those that stand in a message."""

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

    As ``apply_chat_template(sanitize_control_tokens=True)`` does it, but without compiling the
    template in this process. Control tokens are the special ones and those added tokens that stand
    in the template; white space is none.
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
