"""The catalogue and the code stay in step: every text has its Chinese, with the same fields."""

import ast
import importlib
import string
import tomllib
from pathlib import Path

from jinja2 import Environment, nodes

from carrel.api.rest.wording import HINTS
from carrel.core import file_errors
from carrel.core.errors import CarrelError

SOURCE = Path(__file__).resolve().parents[3] / "src" / "carrel"


# Imported, so that their texts are found.
for each in SOURCE.glob("core/*_errors.py"):
    importlib.import_module(f"carrel.core.{each.stem}")


def _catalogue() -> dict[str, str]:
    content = (SOURCE / "core" / "catalogue_zh.toml").read_text(encoding="utf-8")
    return {entry["en"]: entry["zh"] for entry in tomllib.loads(content)["text"]}


def _texts_in_code() -> set[str]:
    texts: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "tr":
                for argument in node.args:
                    if isinstance(argument, ast.Constant):
                        texts.add(str(argument.value))
    return texts


def _texts_in_templates() -> set[str]:
    """Return the texts of the pages: what templates give to ``tr``, which must be written out there."""
    texts: set[str] = set()
    for path in (SOURCE / "web" / "templates").rglob("*.html"):
        for call in Environment().parse(path.read_text(encoding="utf-8")).find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "tr":
                assert isinstance(call.args[0], nodes.Const), (path.name, call.lineno)
                texts.add(str(call.args[0].value))
    return texts


def _texts_of_errors(error: type[CarrelError] = CarrelError) -> set[str]:
    texts = {error.template, error.hint_template} - {""}
    return texts.union(*(_texts_of_errors(child) for child in error.__subclasses__()))


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_error_is_looked_at() -> None:
    assert file_errors.NotText.template in _texts_of_errors()


def test_every_text_has_its_chinese_and_no_entry_is_left_over() -> None:
    wanted = _texts_in_code() | _texts_in_templates() | _texts_of_errors() | set(HINTS.values())
    assert wanted == set(_catalogue())


def test_translations_name_the_same_fields() -> None:
    different = {en for en, zh in _catalogue().items() if _fields(en) != _fields(zh)}
    assert different == set()


def test_translations_are_chinese() -> None:
    assert [en for en, zh in _catalogue().items() if not any("\u4e00" <= c <= "\u9fff" for c in zh)] == []
