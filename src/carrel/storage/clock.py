"""The time as the catalog writes it."""

from datetime import UTC, datetime


def now() -> str:
    """Return the present in UTC as ISO 8601 to the millisecond."""
    return written(datetime.now(UTC))


def written(moment: datetime) -> str:
    """Return a time in UTC as the catalog writes it; such texts are in the order of time."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def read(text: str) -> datetime:
    """Return the time that the catalog wrote so."""
    return datetime.fromisoformat(text)
