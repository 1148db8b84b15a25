"""The functions and classes of a Python program, by its syntax tree. Only for the child process."""

import ast
from collections.abc import Sequence

from carrel.parsing.code_units import Unit, line_starts

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def python_units(text: str) -> tuple[Unit, ...]:
    """Return what a Python program defines.

    Raises:
        ValueError: it is no Python of today.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise ValueError("no Python") from error
    return _units(tree.body, text.split("\n"), line_starts(text))


def _units(body: Sequence[ast.stmt], lines: Sequence[str], starts: Sequence[int]) -> tuple[Unit, ...]:
    found: list[Unit] = []
    for node in body:
        if not isinstance(node, _DEFINITIONS):
            continue
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)]) - 1
        floor = found[-1].end if found else 0
        while first and lines[first - 1].lstrip().startswith("#") and starts[first - 1] >= floor:
            first -= 1
        end = starts[min(node.end_lineno or node.lineno, len(starts) - 1)]
        within = _units(node.body, lines, starts) if isinstance(node, ast.ClassDef) else ()
        if starts[first] >= floor:  # several may stand in one line
            found.append(Unit(starts[first], end, node.name, within))
    return tuple(found)
