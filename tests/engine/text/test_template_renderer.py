from __future__ import annotations

import os
import signal
from pathlib import Path

import psutil
import pytest

from carrel.core.processes.frames import MOST_FRAME_BYTES
from carrel.engine.text import template_renderer
from carrel.engine.text.template_renderer import TemplateLimits, TemplateRefused, TemplateRenderer
from tiny.architectures import DANUBE_TEMPLATE
from tiny.model import TEMPLATE, tiny_tokenizer

MESSAGES = [
    {"role": "user", "content": "Who reads?\n  A <b>cat</b> & 'I' 🦜"},
    {"role": "assistant", "content": "Nobody. "},
    {"role": "user", "content": "Why?"},
]
CONSTANTS = {"bos_token": "<|start|>", "eos_token": "<|end|>"}
QUICK = TemplateLimits(seconds=0.5)


def refusal(template: str, limits: TemplateLimits = QUICK) -> str:
    with pytest.raises(TemplateRefused) as raised:
        TemplateRenderer(template, CONSTANTS, limits).render(MESSAGES, True)
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize(
    "template",
    [
        TEMPLATE,
        DANUBE_TEMPLATE,
        "{{ bos_token }}{{ messages | tojson(indent=2) }}{{ tools is none }}{{ documents }}",
        "{% set ns = namespace(last=-1, self=2) %}{% for m in messages %}{% if m.role == 'user' %}"
        "{% set ns.last = loop.index0 %}{% endif %}{% endfor %}{{ ns.last }}{{ ns.self }}",
        "{%- for m in messages %}\n    {%- if loop.index > 2 %}{% break %}{% endif %}\n"
        "  {{ m['role'] | upper }}: {{ m['content'].strip().split('?')[0] }}\n{%- endfor %}\n",
        "{% for m in messages %}{% generation %}{{ m.content }}{% endgeneration %}{% endfor %}",
        "{{ dict(a=1, b=[2]) }}{{ dict.fromkeys('ab', 3) }}{{ undefined_name }}{{ '<' | e }}",
        "{% macro turn(m) %}[{{ m.role }}]{% endmacro %}{{ turn(messages[0]) }}{{ messages[1:] }}",
        "{{ strftime_now('%Y') }}{{ range(3) | list }}{{ messages[0].nothing is defined }}",
    ],
)
@pytest.mark.parametrize("prompt", [True, False])
def test_a_template_renders_as_in_transformers(template: str, prompt: bool) -> None:
    expected = tiny_tokenizer(template).apply_chat_template(
        MESSAGES, tokenize=False, add_generation_prompt=prompt
    )
    assert TemplateRenderer(template, CONSTANTS).render(MESSAGES, prompt) == expected


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ messages.__init__.__globals__ }}",
        "{{ dict.__call__.__globals__['json'] }}",
        "{{ raise_exception.__globals__['sys'] }}",
        "{{ strftime_now.__globals__['sys'] }}",
        "{{ ''['__class__'] | length }}{{ (''|attr('__class__')).mro() }}",
        "{% set ns = namespace(__class__=1) %}{{ ns }}",
        "{{ '{0.__class__.__mro__}'.format(messages) }}",
        "{{ messages.append(1) }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{% include '/etc/passwd' %}",
    ],
)
def test_a_template_does_not_get_out_of_the_sandbox(template: str) -> None:
    said = refusal(template)
    assert "root:" not in said and "uid=" not in said


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{{ 10 ** (10 ** 9) % 7 }}",
        "{% macro again() %}{% for i in range(9999) %}{{ again() }}{% endfor %}{% endmacro %}"
        "{{ again() }}",
        "{{ range(100001) | list | length }}",
        "{{ 'x' * 10 ** 10 }}",
        "{{ 'x'.center(10 ** 10) }}",
        "{{ '%10000000000d' % 1 }}",
        "{% set ns = namespace(x='x') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}"
        "{% endfor %}{{ ns.x }}",
        "{{ lipsum(n=10 ** 9) }}",
        "{{ messages | map('tojson', indent=10 ** 10) | list }}",
    ],
)
def test_a_template_without_end_is_stopped(template: str) -> None:
    refusal(template)


def test_after_a_template_was_stopped_the_next_prompt_is_rendered() -> None:
    endless = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    template = (
        f"{{% if messages | length > 2 %}}{endless}{{% endif %}}{{{{ messages[0].content }}}}"
    )
    renderer = TemplateRenderer(template, CONSTANTS, QUICK)
    with pytest.raises(TemplateRefused, match=r"longer than 0\.5 seconds"):
        renderer.render(MESSAGES, True)
    assert renderer.render(MESSAGES[2:], True) == "Why?"


def test_a_syntax_error_names_its_line() -> None:
    with pytest.raises(TemplateRefused, match="line 2: "):
        TemplateRenderer("fine\n{% if %}", CONSTANTS).check()


def test_a_template_may_refuse_the_messages() -> None:
    assert refusal("{{ raise_exception('turns\nmust alternate') }}") == "turns must alternate"


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children()}


def test_the_process_ends_with_the_renderer() -> None:
    before = children()
    renderer = TemplateRenderer(TEMPLATE, CONSTANTS)
    renderer.check()
    (own,) = children() - before
    del renderer
    assert not psutil.pid_exists(own)


def test_the_process_sees_nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARREL_API_KEY", "secret")
    before = children()
    renderer = TemplateRenderer(TEMPLATE, CONSTANTS)
    renderer.check()
    (own,) = children() - before
    assert b"secret" not in Path(f"/proc/{own}/environ").read_bytes()
    renderer.close()


def test_a_process_that_does_not_end_by_itself_is_ended_and_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(template_renderer, "LATE_SECONDS", 0.1)
    before = children()
    renderer = TemplateRenderer("{{ messages[0].content }}", CONSTANTS, QUICK)
    renderer.check()
    (own,) = children() - before
    os.kill(own, signal.SIGSTOP)
    with pytest.raises(TemplateRefused, match=r"longer than 0\.5 seconds"):
        renderer.render(MESSAGES[2:], True)
    assert not psutil.pid_exists(own)
    assert renderer.render(MESSAGES[2:], True) == "Why?"


def test_a_prompt_that_is_too_long_is_refused_and_the_next_one_rendered() -> None:
    renderer = TemplateRenderer("{{ messages[0].content * 2 }}", CONSTANTS)
    half = [{"role": "user", "content": "x" * (MOST_FRAME_BYTES // 2)}]
    with pytest.raises(TemplateRefused, match="too long a prompt"):
        renderer.render(half, True)
    with pytest.raises(TemplateRefused, match="messages of this length"):
        renderer.render(half * 2, True)
    assert renderer.render([{"role": "user", "content": "ab"}], True) == "abab"
