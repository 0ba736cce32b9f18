"""Reading the command line."""

import pytest

from carrel.cli.arguments import Flag, parse
from carrel.cli.registry import COMMANDS
from carrel.core.errors import InvalidSetting, UnknownSetting

KNOWN = {
    "port": Flag("port", "", "PORT"),
    "offline": Flag("offline", "", None),
    "user_path": Flag("user_path", "", "PATH"),
}


@pytest.mark.parametrize(
    ("line", "flags", "words"),
    [
        (["--port=80"], {"port": "80"}, ()),
        (["--port", "80"], {"port": "80"}, ()),
        (["--user-path=a=b"], {"user_path": "a=b"}, ()),
        (["--offline"], {"offline": "True"}, ()),
        (["--offline=False"], {"offline": "False"}, ()),
        (["--offline", "false", "x"], {"offline": "False"}, ("x",)),
        (["--offline", "question"], {"offline": "True"}, ("question",)),
        (["a", "--port=1", "b"], {"port": "1"}, ("a", "b")),
        (["--", "--port"], {}, ("--port",)),
        (["--port="], {"port": ""}, ()),
    ],
)
def test_every_way_of_writing_a_flag(
    line: list[str], flags: dict[str, str], words: tuple[str, ...]
) -> None:
    parsed = parse(line, KNOWN)
    assert (dict(parsed.flags), parsed.words) == (flags, words)


def test_an_unknown_flag_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownSetting, match=r"^Unknown flag --prot\. Did you mean --port\?$"):
        parse(["--prot=1"], KNOWN)


@pytest.mark.parametrize("line", [["--port"], ["--port", "--offline"], ["--port=1", "--port=2"]])
def test_a_flag_without_value_or_given_twice_is_refused(line: list[str]) -> None:
    with pytest.raises(InvalidSetting, match="--port"):
        parse(line, KNOWN)


@pytest.mark.parametrize(
    "line",
    [
        "--base_model=h2oai/h2ogpt-oasst1-512-12b",
        "--base_model=NAME --load_4bit=True --lora_weights=PATH",
        "--base_model=NAME --use_gpu_id=False",
        "--base_model=NAME --langchain_mode=UserData --user_path=FOLDER",
        "--base_model=NAME --prompt_type=human_bot",
        "--model_lock=[{'base_model':'A'},{'base_model':'B'}]",
        "--inference_server=vllm:HOST:1234 --base_model=NAME",
        "--cli=True",
        "--host=127.0.0.1 --port=7860 --db_dir=db_dirs --models_dir=models --engine=auto",
        "--embedder=NAME --db_type=faiss --api_key=KEY --offline=True",
    ],
)
def test_the_main_command_lines_are_accepted(line: str) -> None:
    from carrel.settings.load import load_settings

    flags = parse(line.split(), COMMANDS["serve"].known_flags()).flags
    settings = load_settings(flags, {}).settings
    effective = settings.model_dump()
    for name, text in flags.items():
        value = next(section[name] for section in effective.values() if name in section)
        if hasattr(value, "get_secret_value"):
            value = value.get_secret_value()
        if isinstance(value, tuple) and name != "model_lock":
            value = ",".join(value)
        if name != "model_lock":
            assert str(value) == text
