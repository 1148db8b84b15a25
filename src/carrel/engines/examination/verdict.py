"""What one check of a server comes to: a status, what was seen, the likely cause, what to do."""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How a check ended. ``SKIP``: it would say nothing, and the message says why."""

    PASS = "pass"  # noqa: S105 - no password
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its name, for programs too, and what came of it in the reader's language."""

    name: str
    status: Status
    message: str
    cause: str = ""
    advice: str = ""


def passed(name: str, message: str) -> Check:
    """Return a check without fault."""
    return Check(name, Status.PASS, message)


def warned(name: str, message: str, cause: str = "", advice: str = "") -> Check:
    """Return a check that found what Carrel can live with, or could not decide."""
    return Check(name, Status.WARN, message, cause, advice)


def failed(name: str, message: str, cause: str, advice: str) -> Check:
    """Return a check that found a fault: papers embedded like this would be found badly or not at all."""
    return Check(name, Status.FAIL, message, cause, advice)


def skipped(name: str, message: str) -> Check:
    """Return a check that was not made."""
    return Check(name, Status.SKIP, message)
