"""Where settings come from, and how a wrong one is refused."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.core.errors import InvalidSetting, PathNotFound, UnknownSetting
from carrel.settings.load import DEFAULT_ORIGIN, load_settings
from carrel.settings.names import RENAMED
from carrel.settings.schema import Settings, setting_sections


def test_later_layers_win_and_each_value_names_its_origin(tmp_path: Path) -> None:
    config = tmp_path / "carrel.yaml"
    config.write_text("server:\n  port: 1001\n  host: localhost\ndocuments:\n  top_k: 3\n")
    environment = {"CARREL_PORT": "1002", "CARREL_TOP_K": "4", "HOME": "/nowhere"}
    loaded = load_settings({"port": "1003"}, environment, config)
    assert loaded.settings.server.port == 1003
    assert loaded.settings.documents.top_k == 4
    assert loaded.settings.server.host == "localhost"
    assert loaded.origins["port"] == "command line --port"
    assert loaded.origins["top_k"] == "environment CARREL_TOP_K"
    assert loaded.origins["host"] == f"file {config}"
    assert loaded.origins["chunk_size"] == DEFAULT_ORIGIN


def test_the_configuration_file_can_be_named_by_the_environment(tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("storage:\n  db_dir: elsewhere\n")
    loaded = load_settings({}, {"CARREL_CONFIG": str(config)})
    assert loaded.settings.storage.db_dir == Path("elsewhere")


@pytest.mark.parametrize(
    ("flags", "environment", "expected"),
    [
        ({"prot": "1"}, {}, "Unknown setting --prot in the command line. Did you mean port?"),
        ({}, {"CARREL_HOTS": "x"}, "Unknown setting CARREL_HOTS in the environment."),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_known_one(
    flags: dict[str, str], environment: dict[str, str], expected: str
) -> None:
    with pytest.raises(UnknownSetting) as caught:
        load_settings(flags, environment)
    assert str(caught.value).startswith(expected)
    assert "Did you mean" in str(caught.value)


@pytest.mark.parametrize(
    ("former", "name"), sorted((old, new) for old, new in RENAMED.items() if old != "digests")
)
def test_a_former_name_is_refused_with_the_new_one(former: str, name: str) -> None:
    assert name in setting_sections()
    with pytest.raises(UnknownSetting) as caught:
        load_settings({former: "1"}, {})
    assert str(caught.value).endswith(f"It is called {name} now.")


def test_a_former_section_is_refused_with_the_new_one(tmp_path: Path) -> None:
    config = tmp_path / "carrel.yaml"
    config.write_text("digests:\n  digest_style: written\n")
    with pytest.raises(UnknownSetting) as caught:
        load_settings({}, {}, config)
    assert str(caught.value).endswith("It is called summaries now.")
    config.write_text("summaries:\n  digest_style: written\n")
    with pytest.raises(UnknownSetting) as caught:
        load_settings({}, {}, config)
    assert str(caught.value).endswith("It is called summary_style now.")


@pytest.mark.parametrize(
    ("flags", "parts"),
    [
        ({"port": "many"}, ["port", "'many'", "command line --port", "integer"]),
        ({"port": "70000"}, ["port", "65535"]),
        ({"dtype": "float8"}, ["dtype", "float8", "bfloat16"]),
        ({"load_4bit": "True", "load_8bit": "True"}, ["load_8bit", "load_4bit"]),
        ({"chunk_size": "200", "chunk_overlap": "150"}, ["chunk_overlap", "150", "200"]),
        ({"model_lock": "[{'base_mode': 'A'}]"}, ["model_lock", "base_model"]),
        ({"model_lock": "__import__('os').getcwd()"}, ["model_lock", "Python literal"]),
    ],
)
def test_an_invalid_value_is_refused_in_one_line_that_names_it(
    flags: dict[str, str], parts: list[str]
) -> None:
    with pytest.raises(InvalidSetting) as caught:
        load_settings(flags, {})
    message = str(caught.value)
    assert "\n" not in message
    assert all(part in message for part in parts), message


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("server:\n  prot: 1\n", UnknownSetting),
        ("sever:\n  port: 1\n", UnknownSetting),
        ("documents:\n  port: 1\n", UnknownSetting),
        ("server: 5\n", InvalidSetting),
        ("- a\n", InvalidSetting),
        ("server: [\n", InvalidSetting),
        ("server:\n  port: -3\n", InvalidSetting),
    ],
)
def test_a_wrong_configuration_file_is_refused_by_name(
    tmp_path: Path, content: str, error: type[Exception]
) -> None:
    config = tmp_path / "carrel.yaml"
    config.write_text(content)
    with pytest.raises(error) as caught:
        load_settings({}, {}, config)
    assert str(config) in str(caught.value)


def test_an_empty_configuration_file_changes_nothing(tmp_path: Path) -> None:
    config = tmp_path / "carrel.yaml"
    config.write_text("# nothing yet\n")
    assert load_settings({}, {}, config).settings.model_dump() == (
        load_settings({}, {}).settings.model_dump()
    )


def test_a_missing_configuration_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PathNotFound, match=r"absent\.yaml"):
        load_settings({}, {}, tmp_path / "absent.yaml")


def test_model_lock_takes_json_and_python_literals() -> None:
    python, json = "[{'base_model':'A'},{'base_model':'B'}]", '[{"base_model":"A"}]'
    for text, names in ((python, ["A", "B"]), (json, ["A"])):
        lock = load_settings({"model_lock": text}, {}).settings.model.model_lock
        assert [entry.base_model for entry in lock] == names


def test_settings_cannot_be_changed_afterwards() -> None:
    settings = load_settings({}, {}).settings
    with pytest.raises(ValueError, match="frozen"):
        settings.server.port = 1  # type: ignore[misc]


def test_every_setting_has_a_description_that_ends_as_a_sentence() -> None:
    for section in setting_sections().values():
        fields = Settings.model_fields[section].annotation.model_fields  # type: ignore[union-attr]
        for name, field in fields.items():
            assert field.description, name
            assert field.description.endswith("."), name


@given(port=st.integers(0, 65535), top_k=st.integers(1, 100), offline=st.booleans())
def test_any_valid_value_arrives_unchanged(port: int, top_k: int, offline: bool) -> None:
    flags = {"port": str(port), "top_k": str(top_k), "offline": str(offline)}
    settings = load_settings(flags, {}).settings
    assert settings.server.port == port
    assert settings.documents.top_k == top_k
    assert settings.server.offline is offline
