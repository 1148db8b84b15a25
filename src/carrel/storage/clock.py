"""The time as the catalog writes it."""

from datetime import UTC, datetime


def now() -> str:
    """Return the present in UTC as ISO 8601 to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
