from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, decoders, models
from transformers import AutoTokenizer, PreTrainedTokenizerBase, PreTrainedTokenizerFast

from carrel.core.chat import TextDelta, TokenLogprob
from carrel.core.errors import UnsupportedParameter
from carrel.engine.loading.bundled import bundled_model
from carrel.engine.text.answer import Answer, AnswerLimits
from carrel.engine.text.logprobs import LOWEST, token_logprob
from carrel.engine.text.token_bytes import TokenBytes
from tiny.metaspace_tokenizer import metaspace_tokenizer
from tiny.model import tiny_tokenizer

TEXT = 'the library naïve 東京 🦜🦜  "tags": é\n\tend'


@pytest.fixture(params=["tiny", "bundled", "metaspace"])
def tokenizer(request: pytest.FixtureRequest, models_dir: Path) -> PreTrainedTokenizerBase:
    if request.param == "bundled":
        loaded: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(bundled_model(models_dir))
        return loaded
    return tiny_tokenizer() if request.param == "tiny" else metaspace_tokenizer()


def written(
    tokenizer: PreTrainedTokenizerBase, ids: Sequence[int], **limits: object
) -> tuple[str, tuple[TokenLogprob, ...], list[TextDelta]]:
    """What an answer of these tokens shows, with its tokens."""
    given = {"end_tokens": (), "stop": (), "max_new_tokens": len(ids), "max_time": None} | limits
    shown: list[TextDelta] = []

    def decode(tokens: list[int]) -> str:
        return str(tokenizer.decode(tokens, skip_special_tokens=True))

    answer = Answer(decode, AnswerLimits(**given), shown.append, 0.0)  # type: ignore[arg-type]
    look_up = TokenBytes(tokenizer)
    for position, token_id in enumerate(ids):
        if answer.reason is None:
            row = torch.zeros(len(tokenizer))
            answer.push(token_id, token_logprob(row, token_id, 0, look_up, first=position == 0))
    assert answer.reason is not None
    tokens = tuple(token for delta in shown for token in delta.logprobs)
    return "".join(delta.text for delta in shown), tokens, shown


def encoded(tokenizer: PreTrainedTokenizerBase, text: str = TEXT) -> list[int]:
    return list(tokenizer.encode(text, add_special_tokens=False))


def test_the_bytes_of_the_tokens_are_those_of_the_answer(
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    ids = encoded(tokenizer)
    text, tokens, _ = written(tokenizer, ids)
    assert text == TEXT
    assert b"".join(token.content for token in tokens) == TEXT.encode()
    assert len(tokens) == len(ids)


def test_tokens_come_with_the_text_that_they_represent(tokenizer: PreTrainedTokenizerBase) -> None:
    _, _, deltas = written(tokenizer, encoded(tokenizer))
    for delta in deltas:
        assert b"".join(token.content for token in delta.logprobs) == delta.text.encode()


def test_a_part_of_a_character_is_shown_as_a_replacement(
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    _, tokens, _ = written(tokenizer, encoded(tokenizer, "🦜"))
    assert b"".join(token.content for token in tokens) == "🦜".encode()
    if len(tokens) > 1:
        assert "\ufffd" in tokens[-1].text


def test_tokens_whose_text_is_cut_away_are_not_reported(tokenizer: PreTrainedTokenizerBase) -> None:
    for stop in ("library", "🦜🦜", "é\n\t"):
        text, tokens, _ = written(tokenizer, encoded(tokenizer), stop=(stop,))
        reported = b"".join(token.content for token in tokens).decode(errors="ignore")
        assert text == TEXT[: TEXT.index(stop)]
        assert reported.startswith(text)
        assert not tokens or len(reported) - len(tokens[-1].content) < len(text)


def test_the_token_that_ends_the_answer_is_not_reported(tokenizer: PreTrainedTokenizerBase) -> None:
    ids = [*encoded(tokenizer, "the end"), int(tokenizer.eos_token_id)]
    text, tokens, _ = written(
        tokenizer, ids, end_tokens={tokenizer.eos_token_id}, max_new_tokens=50
    )
    assert text == "the end"
    assert b"".join(token.content for token in tokens) == b"the end"


def test_control_tokens_have_a_name_and_no_bytes() -> None:
    tokenizer = tiny_tokenizer()
    ids = [*encoded(tokenizer, "a"), 0, *encoded(tokenizer, "b"), 0]
    text, tokens, _ = written(tokenizer, ids)
    assert text == "ab"
    assert [(token.text, token.content) for token in tokens] == [
        ("a", b"a"),
        ("<|start|>", b""),
        ("b", b"b"),
        ("<|start|>", b""),
    ]


def test_white_space_that_is_taken_from_the_start_is_not_reported() -> None:
    tokenizer = tiny_tokenizer()
    text, tokens, deltas = written(tokenizer, encoded(tokenizer, " \n a b"), trims_start=True)
    assert text == "a b"
    assert b"".join(token.content for token in tokens) == b"a b"
    assert all(delta.text for delta in deltas)


def test_log_probabilities_are_those_of_the_scores(tokenizer: PreTrainedTokenizerBase) -> None:
    row = torch.linspace(-4, 4, len(tokenizer))
    found = token_logprob(row, 5, 3, TokenBytes(tokenizer))
    expected = torch.log_softmax(row.double(), -1)
    assert found.logprob == pytest.approx(expected[5].item(), abs=1e-4)
    best = [each.logprob for each in found.alternatives]
    assert best == pytest.approx(expected.flip(0)[:3].tolist(), abs=1e-4)


def test_alternatives_are_as_many_as_were_asked_for() -> None:
    tokenizer = tiny_tokenizer()
    row = torch.randn(len(tokenizer))
    assert token_logprob(row, 5, 0, TokenBytes(tokenizer)).alternatives == ()
    found = token_logprob(row, int(row.argmax()), 20, TokenBytes(tokenizer))
    assert len(found.alternatives) == 20
    first = found.alternatives[0]
    assert (first.text, first.logprob) == (found.text, found.logprob)


def test_an_impossible_token_has_a_number_that_json_can_write() -> None:
    tokenizer = tiny_tokenizer()
    row = torch.zeros(len(tokenizer))
    row[5] = -math.inf
    assert token_logprob(row, 5, 0, TokenBytes(tokenizer)).logprob == LOWEST


def test_tokenizers_of_other_kinds_are_refused() -> None:
    words = Tokenizer(models.WordPiece({"[UNK]": 0, "a": 1, "##b": 2}, unk_token="[UNK]"))
    words.decoder = decoders.WordPiece()
    with pytest.raises(UnsupportedParameter, match="tokenizer"):
        TokenBytes(PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[UNK]"))
