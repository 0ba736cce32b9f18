"""Tool calls are separated from text, however the text is cut."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator

import pytest

from carrel.core.chat import EngineEvent, Finished, FinishReason, TextDelta, Usage
from carrel.core.function_tools import Tool, ToolsCalled, ToolUse
from carrel.engine.text.tool_calls import ToolCallReader, forced_format, with_tool_calls

NAMES = ["weather", "clock"]
CALL = '{"name": "weather", "arguments": {"city": "Oslo"}}'
CALLED = ("weather", {"city": "Oslo"})


def read(text: str, size: int = 1) -> tuple[str, list[tuple[str, object]]]:
    reader = ToolCallReader(NAMES)
    shown = "".join(reader.push(text[at : at + size]) for at in range(0, len(text), size))
    rest, calls = reader.end()
    return shown + rest, [(each.name, json.loads(each.arguments)) for each in calls]


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize(
    ("text", "shown", "calls"),
    [
        # Hermes and Qwen.
        (f"<tool_call>\n{CALL}\n</tool_call>", "", [CALLED]),
        (f"I look.\n<tool_call>{CALL}</tool_call>", "I look.\n", [CALLED]),
        (
            f'<tool_call>{CALL}</tool_call>\n<tool_call>{{"name": "clock"}}</tool_call>',
            "",
            [CALLED, ("clock", {})],
        ),
        # Cut at the length limit, or the closing tag is a control token.
        (f"<tool_call>{CALL}", "", [CALLED]),
        # Llama 3.1.
        ('{"name": "weather", "parameters": {"city": "Oslo"}}', "", [CALLED]),
        (f'{CALL}; {{"name": "clock", "parameters": {{}}}}', "", [CALLED, ("clock", {})]),
        # Mistral, whose mark is a control token.
        (f'[{CALL}, {{"name": "clock", "arguments": {{}}}}]', "", [CALLED, ("clock", {})]),
        # Arguments as text.
        ('{"name": "weather", "arguments": "{\\"city\\": \\"Oslo\\"}"}', "", [CALLED]),
    ],
)
def test_every_form_is_read(
    text: str, shown: str, calls: list[tuple[str, object]], size: int
) -> None:
    assert read(text, size) == (shown, calls)


@pytest.mark.parametrize(
    "text",
    [
        "No call at all.",
        '{"name": "rocket", "arguments": {}}',
        '<tool_call>{"name": "rocket", "arguments": {}}</tool_call>',
        f"<tool_call>{CALL}</tool_call><tool_call>broken</tool_call>",
        '<tool_call>{"name": "weather", "arguments": [1]}</tool_call>',
        '<tool_call>{"name": ["weather"]}</tool_call>',
        "<tool_call></tool_call>",
        '{"city": "Oslo"}',
        "[1, 2]",
        "{" * 5000,
        "[" * 100_000,
        "1 < 2 and <tool_ca",
        "",
        "   ",
    ],
)
def test_what_is_no_call_stays_text_to_the_last_letter(text: str) -> None:
    assert read(text, 7) == (text, [])


def test_text_is_shown_as_soon_as_it_can_be_no_call() -> None:
    reader = ToolCallReader(NAMES)
    assert reader.push("It is <") == "It is "
    assert reader.push("b>warm") == "<b>warm"


async def test_an_answer_that_calls_says_so_at_its_end() -> None:
    async def events() -> AsyncGenerator[EngineEvent]:
        yield TextDelta("Wait. <tool_call>" + CALL)
        yield TextDelta(f"</tool_call><tool_call>{CALL}</tool_call>")
        yield Finished(FinishReason.STOP, Usage(1, 2), "m")

    tools = tuple(Tool(name, "", {}) for name in NAMES)
    for parallel, count in ((True, 2), (False, 1)):
        got = [each async for each in with_tool_calls(events(), ToolUse(tools, parallel=parallel))]
        text, called, finished = got
        assert text == TextDelta("Wait. ")
        assert isinstance(called, ToolsCalled) and len(called.calls) == count
        assert len({each.id for each in called.calls}) == count
        assert isinstance(finished, Finished) and finished.reason is FinishReason.TOOL_CALLS


def test_a_tool_that_has_to_be_called_is_a_schema() -> None:
    city = {"type": "object", "properties": {"city": {"type": "string"}}}
    tools = (Tool("weather", "", city), Tool("clock", "", {"type": "object"}))
    assert forced_format(ToolUse(tools)) is None
    any_of = forced_format(ToolUse(tools, required=True))
    assert any_of is not None and any_of.schema is not None
    assert [each["properties"]["name"]["const"] for each in any_of.schema["anyOf"]] == NAMES
    one = forced_format(ToolUse(tools, required=True, named="weather"))
    assert one is not None and one.schema is not None
    assert one.schema["properties"]["arguments"] == city
