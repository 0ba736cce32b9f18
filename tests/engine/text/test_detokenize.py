from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models

from carrel.engine.text.detokenize import REPLACEMENT, IncrementalDecoder, StopStrings
from tiny.model import tiny_tokenizer

BYTE_LEVEL = tiny_tokenizer()


def decode_byte_level(ids: list[int]) -> str:
    return str(BYTE_LEVEL.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False))


def sentencepiece_like() -> tuple[Tokenizer, dict[str, int]]:
    """A Llama 2 style vocabulary: words with a marked space, and bytes for everything else."""
    words = ["<unk>", "▁", "▁the", "▁lamp", "s", "lamp", "▁▁"]
    vocabulary = [*words, *(f"<0x{value:02X}>" for value in range(256))]
    ids = {token: at for at, token in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.BPE(ids, [], unk_token="<unk>", byte_fallback=True))
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    return tokenizer, ids


SENTENCEPIECE, SENTENCEPIECE_IDS = sentencepiece_like()


def decode_sentencepiece(ids: list[int]) -> str:
    return SENTENCEPIECE.decode(ids, skip_special_tokens=True)


def pieces(decode: Callable[[list[int]], str], ids: list[int]) -> list[str]:
    decoder = IncrementalDecoder(decode)
    return [*(decoder.push(each) for each in ids), decoder.flush()]


@given(st.text())
def test_byte_level_pieces_join_to_the_text_without_half_characters(text: str) -> None:
    ids = BYTE_LEVEL.encode(text, add_special_tokens=False, split_special_tokens=True)
    parts = pieces(decode_byte_level, ids)
    assert "".join(parts) == text
    assert all(REPLACEMENT not in part for part in parts) or REPLACEMENT in text


@given(st.lists(st.integers(0, len(BYTE_LEVEL) - 1), max_size=40))
def test_any_byte_level_tokens_join_to_their_decoded_whole(ids: list[int]) -> None:
    joined = "".join(pieces(decode_byte_level, ids))
    whole = decode_byte_level(ids)
    assert joined.replace(REPLACEMENT, "") == whole.replace(REPLACEMENT, "")


@given(st.lists(st.sampled_from(["▁", "▁the", "▁lamp", "s", "lamp", "▁▁", "é", "🦜", "\n"])))
def test_sentencepiece_pieces_keep_every_space(parts: list[str]) -> None:
    ids: list[int] = []
    for part in parts:
        known = SENTENCEPIECE_IDS.get(part)
        fallback = [SENTENCEPIECE_IDS[f"<0x{byte:02X}>"] for byte in part.encode()]
        ids += [known] if known is not None else fallback
    assert "".join(pieces(decode_sentencepiece, ids)) == decode_sentencepiece(ids)


def test_a_character_of_several_tokens_comes_out_once_and_whole() -> None:
    ids = [SENTENCEPIECE_IDS[f"<0x{byte:02X}>"] for byte in "🦜".encode()]
    assert pieces(decode_sentencepiece, ids) == ["", "", "", "🦜", ""]


def test_broken_bytes_are_not_held_back_for_ever() -> None:
    decoder = IncrementalDecoder(decode_sentencepiece)
    broken = SENTENCEPIECE_IDS["<0xFF>"]
    assert "".join(decoder.push(broken) for _ in range(20)).count(REPLACEMENT) >= 16


def shown(stops: list[str], parts: list[str]) -> tuple[str, bool]:
    stream = StopStrings(stops)
    text = "".join(stream.push(part) for part in parts)
    return text + stream.flush(), stream.stopped


STOPS = st.lists(st.text("abc", min_size=1, max_size=4), max_size=3)


@given(STOPS, st.lists(st.text("abc", max_size=5), max_size=12))
def test_text_is_cut_at_the_stop_string_that_ends_first(stops: list[str], parts: list[str]) -> None:
    text = "".join(parts)
    ends = [
        (end, start)
        for stop in stops
        for end in range(len(stop), len(text) + 1)
        if text.startswith(stop, start := end - len(stop))
    ]
    expected = text[: min(ends)[1]] if ends else text
    assert shown(stops, parts) == (expected, bool(ends))


@given(STOPS, st.lists(st.text("abc", max_size=5), max_size=12))
def test_nothing_that_was_shown_is_part_of_a_stop_string(
    stops: list[str], parts: list[str]
) -> None:
    stream = StopStrings(stops)
    seen = ""
    for part in parts:
        seen += stream.push(part)
        assert not any(stop in seen for stop in stops)


def test_only_what_may_become_a_stop_string_is_held_back() -> None:
    stream = StopStrings(["<human>:"])
    assert stream.push("Yes <hu") == "Yes "
    assert stream.push("ge>") == "<huge>"


@pytest.mark.parametrize("parts", [["a<|e", "nd", "|>b"], ["a<|end|>b"], list("a<|end|>b")])
def test_the_cut_does_not_depend_on_token_borders(parts: list[str]) -> None:
    assert shown(["<|end|>"], parts) == ("a", True)
