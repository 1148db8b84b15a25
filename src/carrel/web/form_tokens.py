"""Tokens for forms whose body is a file: they go in the address, so they are good for that one purpose."""

import hmac

from carrel.api.rest.callers import same
from carrel.core.rest_errors import CsrfMissing
from carrel.web.reader import Reader

_LENGTH = 32  # hexadecimal digits


def form_token(reader: Reader, purpose: str) -> str:
    """Return what a form of this session must be sent with; the session's own token does not follow."""
    return hmac.new(reader.csrf.encode(), purpose.encode(), "sha256").hexdigest()[:_LENGTH]


def check_form_token(reader: Reader, purpose: str, given: str) -> None:
    """Let a form of ours pass. Raises CsrfMissing."""
    if not same(given, form_token(reader, purpose)):
        raise CsrfMissing
