"""Errors as the catalog keeps them: what was said, and what it takes to say it again to somebody else."""

import importlib
import json
import pkgutil
from collections.abc import Mapping
from functools import cache

import carrel.core
from carrel.core.error_base import CarrelError, kind_of


def kept(error: CarrelError) -> str:
    """Return a text to be kept with the error's kind."""
    return json.dumps({"said": str(error), "parameters": error.parameters}, ensure_ascii=False)


def said(text: str) -> str:
    """Return what a kept error said: in whole, so for those only who run this machine."""
    return _read(text)[0]


def parameters_of(text: str) -> Mapping[str, str] | None:
    """Return a kept error's parameters; None where it is of a time when they were not kept."""
    return _read(text)[1]


def class_of(kind: str) -> type[CarrelError] | None:
    """Return the error of the tree of this kind; None where this version has none."""
    return _classes().get(kind)


def _read(text: str) -> tuple[str, Mapping[str, str] | None]:
    try:
        found = json.loads(text)
        return str(found["said"]), {str(name): str(value) for name, value in found["parameters"].items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        return text, None


@cache
def _classes() -> dict[str, type[CarrelError]]:
    for module in pkgutil.iter_modules(carrel.core.__path__):
        if module.name.endswith("errors"):
            importlib.import_module(f"carrel.core.{module.name}")
    found, left = dict[str, type[CarrelError]](), [CarrelError]
    while left:
        known = left.pop()
        found[kind_of(known)] = known
        left.extend(known.__subclasses__())
    return found
