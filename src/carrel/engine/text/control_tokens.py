"""Tells the control tokens that a chat template writes from those that stand in a message."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from transformers import PreTrainedTokenizerBase
from transformers.utils.chat_template_utils import mark_control_tokens


def marked(
    messages: Sequence[Mapping[str, str]], tokenizer: PreTrainedTokenizerBase, template: str
) -> list[dict[str, str]]:
    """Return the messages with their control tokens marked, for transformers' encode_marked_chat.

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
    changed: list[dict[str, str]] = mark_control_tokens([dict(each) for each in messages], pattern)
    return changed
