"""Settings: defaults, then the file, then the environment; what makes no sense is named."""

from pathlib import Path

import pytest

from carrel.config import Settings, load_settings
from carrel.core.errors import InvalidSetting


def load(home: Path, toml: str | bytes | None = None, **environment: str) -> Settings:
    if toml is not None:
        home.mkdir(parents=True, exist_ok=True)
        (home / "carrel.toml").write_bytes(toml if isinstance(toml, bytes) else toml.encode())
    return load_settings({"CARREL_HOME": str(home), **environment})


def test_without_anything_the_defaults_hold_and_nothing_is_made(tmp_path: Path) -> None:
    home = tmp_path / "home"
    settings = load(home)
    assert settings == Settings(home=home, cache=settings.cache)
    assert settings.home == home
    assert not home.exists()


def test_folders_are_where_the_platform_keeps_them_unless_named(tmp_path: Path) -> None:
    settings = load_settings({})
    assert settings.home.is_absolute()
    assert settings.cache.is_absolute()
    assert settings.home != settings.cache
    named = load_settings({"CARREL_HOME": "~/papers", "CARREL_CACHE": str(tmp_path)})
    assert named.home == Path("~/papers").expanduser()
    assert named.cache == tmp_path


def test_a_relative_folder_is_meant_from_where_the_command_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings({"CARREL_HOME": "here"}).home == tmp_path / "here"


def test_an_empty_folder_name_is_no_folder_name() -> None:
    assert load_settings({"CARREL_HOME": ""}) == load_settings({})


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(tmp_path: Path) -> None:
    toml = "threads = 3\nparse_seconds = 7.5\noffline = true\n"
    settings = load(tmp_path, toml, CARREL_THREADS="5")
    assert (settings.threads, settings.parse_seconds, settings.offline) == (5, 7.5, True)
    assert settings.parse_max_pages == Settings(tmp_path, tmp_path).parse_max_pages


@pytest.mark.parametrize("text", ["1", "true", "YES", " on "])
def test_yes_has_several_spellings(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, CARREL_OFFLINE=text).offline is True


@pytest.mark.parametrize("text", ["0", "false", "No", "off", ""])
def test_no_has_several_spellings(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, "offline = true", CARREL_OFFLINE=text).offline is False


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("CARREL_THREADS", "x"),
        ("CARREL_THREADS", ""),
        ("CARREL_THREADS", "-1"),
        ("CARREL_THREADS", "2.5"),
        ("CARREL_PARSE_SECONDS", "nan"),
        ("CARREL_PARSE_SECONDS", "inf"),
        ("CARREL_PARSE_SECONDS", "-0.1"),
        ("CARREL_OFFLINE", "perhaps"),
    ],
)
def test_a_value_that_makes_no_sense_is_named_with_what_is_expected(
    tmp_path: Path, name: str, text: str
) -> None:
    with pytest.raises(InvalidSetting) as raised:
        load(tmp_path, **{name: text})
    assert raised.value.parameters["name"] == name
    assert raised.value.exit_code == 2
    assert raised.value.parameters["expected"]


@pytest.mark.parametrize("toml", ["thread = 2", "home = '/elsewhere'", "[parse]\nseconds = 3"])
def test_an_unknown_name_in_the_file_is_an_error_that_lists_the_known_ones(tmp_path: Path, toml: str) -> None:
    with pytest.raises(InvalidSetting) as raised:
        load(tmp_path, toml)
    assert "parse_seconds" in raised.value.hint


@pytest.mark.parametrize("toml", ["threads =", "threads = 1\nthreads = 2", b"\xff\xfe", "= 3"])
def test_a_file_that_is_not_toml_is_named(tmp_path: Path, toml: str | bytes) -> None:
    with pytest.raises(InvalidSetting) as raised:
        load(tmp_path, toml)
    assert raised.value.parameters["name"] == str(tmp_path / "carrel.toml")


def test_a_folder_in_the_files_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "carrel.toml").mkdir()
    with pytest.raises(InvalidSetting):
        load(tmp_path)


def test_a_data_folder_that_is_a_file_is_left_to_whoever_opens_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert load(tmp_path / "file").home == tmp_path / "file"


def test_zero_means_as_many_as_there_are_processors(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.model_threads == settings.core_count >= 1
    assert 1 <= settings.parser_count <= 8
    chosen = load(tmp_path, CARREL_THREADS="3", CARREL_PARSE_WORKERS="12")
    assert (chosen.model_threads, chosen.parser_count) == (3, 12)
