"""Parsers by name: which there are, and what is said of one that is not there."""

import sys
from pathlib import Path

import pytest

from carrel.config import Settings
from carrel.core.errors import InvalidSetting, ParserNotInstalled, ParserUnknown
from carrel.core.knowledge_base import DEFAULT_PARSER
from carrel.parsing.parsers import check_parser, load_parser, parser_names


def _settings(folder: Path, **values: str) -> Settings:
    return Settings(home=folder, cache=folder, **values)  # type: ignore[arg-type]  # texts only


def test_the_default_comes_first_and_every_name_makes_a_parser_of_that_name(tmp_path: Path) -> None:
    pytest.importorskip("pymupdf", reason="the extra carrel[pymupdf] is not installed")
    pytest.importorskip("lxml", reason="the extra carrel[grobid] is not installed")
    assert parser_names()[0] == DEFAULT_PARSER
    for name in parser_names():
        parser = load_parser(name, _settings(tmp_path))
        assert parser.fingerprint.startswith(f"{name}/")
        parser.close()


def test_an_unknown_name_is_told_the_known_ones() -> None:
    with pytest.raises(ParserUnknown, match="pdfium, pymupdf, grobid, unstructured"):
        check_parser("acrobat")


@pytest.mark.parametrize(
    ("name", "module"), [("pymupdf", "pymupdf"), ("grobid", "lxml"), ("unstructured", "httpx2")]
)
def test_a_parser_without_its_package_names_the_extra(
    name: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)  # as if it were not installed
    with pytest.raises(ParserNotInstalled, match=rf"pip install 'carrel\[{name}\]'"):
        check_parser(name)
    check_parser(DEFAULT_PARSER)


@pytest.mark.parametrize(
    ("name", "setting", "value"),
    [
        ("grobid", "grobid_url", "localhost"),
        ("unstructured", "unstructured_url", "ftp://there"),
        ("unstructured", "unstructured_strategy", "slow"),
        ("unstructured", "unstructured_api_key", "ключ"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(name: str, setting: str, value: str, tmp_path: Path) -> None:
    pytest.importorskip("lxml", reason="the extra carrel[grobid] is not installed")
    with pytest.raises(InvalidSetting, match=setting):
        load_parser(name, _settings(tmp_path, **{setting: value}))
