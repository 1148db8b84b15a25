"""The time as the catalog writes it."""

from datetime import UTC, datetime, timedelta


def now() -> str:
    """Return the present in UTC as ISO 8601 to the millisecond."""
    return written(datetime.now(UTC))


def later(seconds: float) -> str:
    """Return the time in so many seconds as ``now`` would."""
    return written(datetime.now(UTC) + timedelta(seconds=seconds))


def written(moment: datetime) -> str:
    """Return a time in UTC as the catalog writes it; such texts are in the order of time."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def read(text: str) -> datetime:
    """Return the time that the catalog wrote so."""
    return datetime.fromisoformat(text)
