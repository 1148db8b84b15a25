"""Pages of lists: a cursor says where the next one begins."""

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from carrel.api.rest.documents import is_plain
from carrel.core.rest_errors import CursorUnusable

T = TypeVar("T")

MOST = 200
DEFAULT = 50
_LONGEST_CURSOR = 1000
_LARGEST = 2**62  # that a database takes

Limit = Annotated[int, Query(ge=1, le=MOST, description="How many at most.")]
After = Annotated[
    str | None,
    Query(alias="cursor", max_length=_LONGEST_CURSOR, description="Where to go on: an answer's next."),
]


class Page(BaseModel, Generic[T]):
    """Some of a list, in its order."""

    items: list[T]
    next: str | None = Field(description="The cursor of the next page; null on the last one.")


def cursor(kind: str, *position: str | int) -> str:
    """Return a position in a list as a cursor; ``kind`` says of which list and in what order."""
    text = json.dumps([kind, *position], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def position(text: str | None, kind: str, *kinds: type[str] | type[int]) -> tuple[str | int, ...] | None:
    """Return the position that a cursor names; None where there is no cursor.

    Raises:
        CursorUnusable: it is not one that ``cursor`` gave for this list.
    """
    if text is None:
        return None
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        values = json.loads(base64.b64decode(padded, b"-_", validate=True))
    except (ValueError, RecursionError, binascii.Error) as error:
        raise CursorUnusable from error
    if not isinstance(values, list) or values[:1] != [kind] or len(values) != 1 + len(kinds):
        raise CursorUnusable
    found = values[1:]
    if not all(_is_of(value, wanted) for value, wanted in zip(found, kinds, strict=True)):
        raise CursorUnusable
    return tuple(found)


def _is_of(value: object, wanted: type[str] | type[int]) -> bool:
    if wanted is int:
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST
    if not isinstance(value, str):
        return False
    return is_plain(value)


def page(request: Request, response: Response, items: Sequence[T], following: str | None) -> Page[T]:
    """Return a page, and name the next one in the answer's header Link."""
    if following is not None:
        url = request.url.include_query_params(cursor=following)
        response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
    return Page(items=list(items), next=following)
