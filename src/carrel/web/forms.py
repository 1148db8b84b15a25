"""Forms that were sent: read within limits, plain text only."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.requests import Request

from carrel.api.rest.bodies import read_within
from carrel.core.rest_errors import BodyOverLimit, ContentNotTaken

_KIND = "application/x-www-form-urlencoded"
_MOST_FIELDS = 10_000
_COMMAS = re.compile("[,\N{FULLWIDTH COMMA}\N{IDEOGRAPHIC COMMA}]")
CSRF_FIELD = "csrf"


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form, in their order."""

    fields: Sequence[tuple[str, str]] = ()
    _first: Mapping[str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Look up each field's first value."""
        object.__setattr__(self, "_first", dict(reversed(self.fields)))

    def text(self, name: str) -> str:
        """Return a field's value as it was typed; "" where it was not sent."""
        return self._first.get(name, "")

    def word(self, name: str) -> str:
        """Return a field's value without the space around it."""
        return self.text(name).strip()

    def texts(self, name: str) -> tuple[str, ...]:
        """Return every value of a field that may be there several times."""
        return tuple(value for found, value in self.fields if found == name)

    def labels(self, name: str) -> tuple[str, ...]:
        """Return what was typed with commas between, Latin or Chinese ones."""
        return tuple(filter(None, (each.strip() for each in _COMMAS.split(self.text(name)))))

    def ticked(self, name: str) -> bool:
        """Whether a box was ticked."""
        return name in self._first

    def number(self, name: str, default: int = 0) -> int:
        """Return a field's value as a whole number; the default where it is none."""
        found = self.word(name)
        return (
            int(found)
            if found.isascii() and found.removeprefix("-").isdecimal() and len(found) < 12
            else default
        )


async def read_form(request: Request) -> Form:
    """Read the form of a request.

    Raises:
        ContentNotTaken: it is not declared as one.
        BodyOverLimit: it has more than a megabyte.
        BodyTooSlow: it was not there in time.
        ClientDisconnect: the client is gone.
    """
    kind = request.headers.get("content-type", _KIND).partition(";")[0].strip().lower()
    if kind != _KIND:
        raise ContentNotTaken(expected=_KIND)
    body = await read_within(request)
    try:
        pairs = parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS
        )
    except ValueError as error:
        raise BodyOverLimit(limit="1 MB") from error
    # NUL is no character of a text that a person types, and no database keeps it.
    return Form([(name, value.replace("\0", "")) for name, value in pairs])
