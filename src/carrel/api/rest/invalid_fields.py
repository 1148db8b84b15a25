"""What is wrong with the fields of a request, in the reader's language."""

from collections.abc import Callable, Mapping, Sequence

from fastapi.exceptions import RequestValidationError

from carrel.api.rest.problems import FieldProblem
from carrel.core.language import tr
from carrel.core.rest_errors import BodyNotJson, FieldsUnusable, RestError

_NAMED = 5  # fields that the sentence names; all are in ``errors``
_LISTED = 50


def invalid(error: RequestValidationError) -> tuple[RestError, Sequence[FieldProblem]]:
    """Return the error and what is wrong with each field. What was sent is not repeated."""
    complaints = error.errors()
    if any(complaint["type"] == "json_invalid" for complaint in complaints):
        detail = str(complaints[0].get("ctx", {}).get("error", ""))[:80]
        return BodyNotJson(detail=detail or tr("it cannot be read")), ()
    fields = [
        FieldProblem(
            field=".".join(_printable(part) for part in complaint["loc"]) or "body",
            message=_message(str(complaint["type"]), complaint.get("ctx", {})),
            code=str(complaint["type"]).replace("_", "-"),
        )
        for complaint in complaints[:_LISTED]
    ]
    named = "; ".join(f"{found.field} {found.message}" for found in fields[:_NAMED])
    return FieldsUnusable(fields=named), fields


def _printable(part: object) -> str:
    text = str(part)[:80]
    return "".join(c if c.isprintable() else "�" for c in text)


def _message(kind: str, context: Mapping[str, object]) -> str:
    say = _MESSAGES.get(kind)
    return say(context) if say else tr("cannot be used as it is")


_MESSAGES: Mapping[str, Callable[[Mapping[str, object]], str]] = {
    "missing": lambda _: tr("is missing"),
    "extra_forbidden": lambda _: tr("is not known here"),
    "string_type": lambda _: tr("must be a text"),
    "string_too_short": lambda ctx: tr("must have at least {min_length} characters").format(**ctx),
    "string_too_long": lambda ctx: tr("must have at most {max_length} characters").format(**ctx),
    "too_long": lambda ctx: tr("must have at most {max_length} entries").format(max_length=ctx["max_length"]),
    "int_type": lambda _: tr("must be a whole number"),
    "int_parsing": lambda _: tr("must be a whole number"),
    "int_from_float": lambda _: tr("must be a whole number"),
    "bool_type": lambda _: tr("must be true or false"),
    "bool_parsing": lambda _: tr("must be true or false"),
    "list_type": lambda _: tr("must be a list"),
    "greater_than_equal": lambda ctx: tr("must be at least {ge}").format(**ctx),
    "less_than_equal": lambda ctx: tr("must be at most {le}").format(**ctx),
    "literal_error": lambda ctx: tr("must be one of {expected}").format(**ctx),
    "enum": lambda ctx: tr("must be one of {expected}").format(**ctx),
}
