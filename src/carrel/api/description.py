"""The description of the API (OpenAPI 3.1), such that generators of clients take it."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from carrel import __version__

REFERENCE = "#/components/schemas/{model}"

_ABOUT = """Knowledge bases of papers: upload, search, read.

Answers are JSON. Errors are problem documents (RFC 9457) with a `kind` for programs and a `hint` for people.
Lists come in pages: ask again with `cursor` set to the `next` of the answer before."""


def described(app: FastAPI) -> dict[str, Any]:
    """Return the description, made once."""
    if app.openapi_schema is None:
        found = get_openapi(title="Carrel", version=__version__, description=_ABOUT, routes=app.routes)
        schemas = found.setdefault("components", {}).setdefault("schemas", {})
        for path in found["paths"].values():
            for operation in path.values():
                schemas.update(_definitions(operation))
                _only_problems(operation)
        app.openapi_schema = found
    return app.openapi_schema


def _definitions(operation: dict[str, Any]) -> dict[str, Any]:
    """Take the definitions out of the bodies that routes describe themselves: references name one place."""
    content = operation.get("requestBody", {}).get("content", {}).values()
    return {name: each for body in content for name, each in body["schema"].pop("$defs", {}).items()}


def _only_problems(operation: dict[str, Any]) -> None:
    """Leave out that problems could come as application/json, which the framework adds of itself."""
    for status, answer in operation.get("responses", {}).items():
        content = answer.get("content", {})
        if status >= "400" and "application/problem+json" in content:
            content.pop("application/json", None)
