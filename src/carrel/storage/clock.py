"""The time as the catalog writes it."""

from datetime import UTC, datetime, timedelta


def now() -> str:
    """Return the present in UTC as ISO 8601 to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def later(seconds: float) -> str:
    """Return the time in so many seconds as ``now`` would."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")
