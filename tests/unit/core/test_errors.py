import importlib
import pickle
import string
from pathlib import Path

import pytest

from carrel.core import errors, file_errors
from carrel.core.errors import CarrelError
from carrel.core.language import use_language

CORE = Path(errors.__file__).parent
# Imported, so that their errors are found.
MODULES = (
    errors,
    *(importlib.import_module(f"carrel.core.{path.stem}") for path in CORE.glob("*_errors.py")),
)


def _leaves(error: type[CarrelError]) -> list[type[CarrelError]]:
    children = error.__subclasses__()
    return [leaf for child in children for leaf in _leaves(child)] if children else [error]


LEAVES = _leaves(CarrelError)
assert file_errors.NotText in LEAVES  # imported: part of the tree


def _fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def _raised(error: type[CarrelError]) -> CarrelError:
    names = _fields(error.template) | _fields(error.hint_template)
    return error(**{name: f"<{name}>" for name in names})


@pytest.mark.parametrize("error", LEAVES)
def test_every_error_says_what_happened_and_what_to_do(error: type[CarrelError]) -> None:
    raised = _raised(error)
    assert raised.message.endswith((".", ")"))
    assert len(raised.hint) > 15
    assert "\n" not in raised.message


@pytest.mark.parametrize("error", LEAVES)
def test_every_error_is_in_the_tree_of_the_module_docstring(error: type[CarrelError]) -> None:
    drawn = (module.__doc__ or "" for module in MODULES)
    assert error.__name__ in "".join(drawn)


@pytest.mark.parametrize("error", LEAVES)
def test_an_error_survives_a_process_boundary(error: type[CarrelError]) -> None:
    raised = _raised(error)
    again = pickle.loads(pickle.dumps(raised))
    assert (type(again), str(again), again.kind) == (type(raised), str(raised), raised.kind)


def test_kinds_are_kebab_case_and_distinct() -> None:
    kinds = [_raised(error).kind for error in LEAVES]
    assert len(set(kinds)) == len(kinds)
    assert errors.NotAPdf(name="x").kind == "not-a-pdf"


def test_an_error_speaks_the_reader_s_language() -> None:
    error = errors.EmptyFile(name="论文.pdf")
    try:
        use_language("zh_CN.UTF-8")
        assert error.message == "论文.pdf 是空文件（0 字节）。"
    finally:
        use_language("en")
    assert error.message == "论文.pdf is empty (0 bytes)."
