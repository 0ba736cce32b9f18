"""Constrained decoding to JSON: tokens that cannot follow are masked out.

Uses llguidance: it is the only library that refuses unknown keywords of JSON Schema, and it needs
no other package.
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Collection
from threading import Lock
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from transformers import PreTrainedTokenizerBase

from carrel.core.chat import JsonFormat
from carrel.core.errors import CarrelError, GenerationFailed, InvalidRequest, UnsupportedParameter
from carrel.engine.text.json_schema import schema_text
from carrel.engine.text.token_bytes import TokenBytes

if TYPE_CHECKING:
    from llguidance import LLMatcher, LLTokenizer
    from llguidance._tokenizer import TokenizerWrapper

WHITE_SPACE = r"[ ]|\n[ \t]{0,24}"
"""Between two parts of the JSON: nothing, a space, or a line break with an indentation. A model
could generate more of it forever."""

MOST_COMPILED = 32
CONTROL = b"\xff"
"""llguidance's mark for the bytes of a control token."""

PART = 16_384
"""Longer rows are spread over torch's threads, which costs more than it saves."""

UNSUPPORTED = re.compile(
    "unimplemented|not supported|unsupported|unknown format|unable to|not disjoint|too (large|many)"
    "|max is",
    re.IGNORECASE,
)
LONGEST_REASON = 200


class GrammarCompiler:
    """Makes grammars for one model; thread-safe.

    ``vocabulary_size`` is the length of the model's rows of scores, ``end_tokens`` those that end
    an answer. The vocabulary is read lazily, which takes a second.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        vocabulary_size: int,
        end_tokens: Collection[int],
    ) -> None:
        self._tokenizer = tokenizer
        self._size = vocabulary_size
        # The library requires an end token: for a model without one, an id that is never generated.
        self._end_tokens = sorted(end_tokens) or [vocabulary_size]
        self._vocabulary: LLTokenizer | None = None
        self._compiled: OrderedDict[str, Grammar] = OrderedDict()
        self._reading, self._keeping = Lock(), Lock()

    def compile(self, response_format: JsonFormat) -> Grammar:
        """Return the grammar of a format; recent ones are cached. It may take a second.

        Objects have their properties in the order of the schema. References to other documents are
        refused: nothing is fetched.

        Raises:
            InvalidRequest: the schema is invalid, too large, or no value satisfies it.
            UnsupportedParameter: it has an unsupported keyword.
        """
        schema = response_format.schema
        text = schema_text({"type": "object"} if schema is None else schema)
        with self._keeping:
            if (known := self._compiled.get(text)) is not None:
                self._compiled.move_to_end(text)
                return known
        made = Grammar(self._started(text), self._end_tokens)
        with self._keeping:
            self._compiled[text] = made
            while len(self._compiled) > MOST_COMPILED:
                self._compiled.popitem(last=False)
        return made

    def _started(self, schema: str) -> LLMatcher:
        """Return a matcher that is ready for the first token."""
        from llguidance import LLMatcher, LLParserLimits

        options = json.dumps({"x-guidance": {"whitespace_pattern": WHITE_SPACE}})
        content = f"{schema[:-1]}{',' if schema != '{}' else ''}{options[1:]}"
        # Without forcing, the model may tokenize given text as it is used to; and the library
        # never calls the tokenizer, which is not thread-safe.
        grammar = f'%llguidance {{"no_forcing": true}}\nstart: %json {content}'
        limits = LLParserLimits(max_items_in_row=20_000, step_max_items=200_000)
        matcher = LLMatcher(self._read_vocabulary(), grammar, log_level=0, limits=limits)
        # The first mask shows whether the grammar can be followed, and it is the slowest one.
        if not matcher.is_error():
            matcher.compute_logit_bias()
        if matcher.is_error() or matcher.is_stopped():
            raise _refused(matcher.get_error())
        return matcher

    def _read_vocabulary(self) -> LLTokenizer:
        from llguidance import LLTokenizer

        with self._reading:
            if self._vocabulary is None:
                words = _Vocabulary(self._tokenizer, self._size, self._end_tokens)
                self._vocabulary = LLTokenizer(
                    cast("TokenizerWrapper", words), eos_token=self._end_tokens
                )
            return self._vocabulary


class Grammar:
    """A compiled format."""

    def __init__(self, started: LLMatcher, end_tokens: Collection[int]) -> None:
        self._started = started
        self._end_tokens = frozenset(end_tokens)

    def matcher(self) -> GrammarMatcher:
        """Return the state of a new answer."""
        return GrammarMatcher(self._started.deep_copy(), self._end_tokens)


class GrammarMatcher:
    """State of one answer."""

    def __init__(self, state: LLMatcher, end_tokens: frozenset[int]) -> None:
        self._state = state
        self._end_tokens = end_tokens

    @property
    def finished(self) -> bool:
        """Whether the answer is complete and only an end token may follow."""
        return bool(self._state.is_stopped())

    def mask(self, scores: torch.Tensor) -> None:
        """Set the scores of tokens that may not follow to minus infinity, in place.

        ``scores`` is one row, [vocabulary] or [1, vocabulary]. End tokens stay if the answer is
        complete.

        Raises:
            GenerationFailed: the grammar is too complex at this point.
        """
        weights = np.frombuffer(self._state.compute_logit_bias(), dtype=np.uint8)
        self._check()
        forbidden = np.ones(scores.shape[-1], dtype=np.bool_)
        known = min(len(weights), len(forbidden))
        np.equal(weights[:known], 0, out=forbidden[:known])
        rules = torch.from_numpy(forbidden).to(scores.device)
        for part, rule in zip(torch.split(scores, PART, -1), torch.split(rules, PART), strict=True):
            part.masked_fill_(rule, -torch.inf)

    def accept(self, token_id: int) -> None:
        """Take the chosen token; end tokens need not be given.

        Raises:
            GenerationFailed: the grammar does not allow it.
        """
        if token_id in self._end_tokens:
            return
        self._state.consume_token(token_id)
        self._check()

    def _check(self) -> None:
        if self._state.is_error():
            raise GenerationFailed(
                "The answer could not be kept to response_format: "
                f"{_first_problem(self._state.get_error())}."
            )


class _Vocabulary:
    """The tokens' bytes, in llguidance's format."""

    is_tokenizer_wrapper = True
    bos_token_id = None

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, size: int, end_tokens: Collection[int]
    ) -> None:
        look_up = TokenBytes(tokenizer)
        self.eos_token_id = next(iter(end_tokens))
        self.tokens = look_up.table(max(size, *end_tokens) + 1, end_tokens)
        self.special_token_ids = [index for index, content in enumerate(self.tokens) if not content]
        for index in self.special_token_ids:
            self.tokens[index] = CONTROL + look_up.written(index).encode()

    def __call__(self, text: str | bytes) -> list[int]:
        """Tokenize a text, which no grammar of this module asks for."""
        raise NotImplementedError


def _first_problem(message: str) -> str:
    """Return the library's message in one line, without the position in the grammar."""
    if "NoExtension" in message:
        return "no value satisfies it"
    problem = re.sub(r"^at \d+\(\d+\): |failed to compile JSON schema: ", "", message)
    problem = re.split(r"\n\s+1 \| |; consider| and retrieving it failed", problem)[0]
    problem = re.sub(r"regex parse error: .*error: ", "a pattern is refused: ", _line(problem))
    return problem[:LONGEST_REASON].rstrip(". ")


def _line(text: str) -> str:
    return " ".join(text.split())


def _refused(message: str) -> CarrelError:
    problem = _first_problem(message)
    kind = UnsupportedParameter if UNSUPPORTED.search(problem) else InvalidRequest
    return kind(f"The schema of response_format cannot be honoured: {problem}.")
