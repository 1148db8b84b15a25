"""Numbers, sizes and times as a person reads them, in the reader's language: the filters of templates."""

from datetime import UTC, datetime

from carrel.core.language import tr

_UNITS = ("B", "kB", "MB", "GB", "TB")
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def number(value: float) -> str:
    """Return a number with its thousands apart."""
    return f"{value:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def size(count: float) -> str:
    """Return a number of bytes in the unit that suits it."""
    unit = 0
    while count >= 1000 and unit < len(_UNITS) - 1:
        count, unit = count / 1000, unit + 1
    return (
        f"{count:.0f}\N{NO-BREAK SPACE}{_UNITS[unit]}"
        if count >= 10 or not unit
        else f"{count:.1f}\N{NO-BREAK SPACE}{_UNITS[unit]}"
    )


def ago(moment: str, now: datetime | None = None) -> str:
    """Return how long ago an ISO 8601 moment was; the day itself where that is long ago."""
    then = _moment(moment)
    if then is None:
        return moment
    seconds = ((now or datetime.now(UTC)) - then).total_seconds()
    if seconds < _MINUTE:
        return tr("just now")
    if seconds < _HOUR:
        return tr("{count} min ago").format(count=int(seconds // _MINUTE))
    if seconds < _DAY:
        return tr("{count} h ago").format(count=int(seconds // _HOUR))
    if seconds < 7 * _DAY:
        return tr("{count} d ago").format(count=int(seconds // _DAY))
    return day(moment)


def day(moment: str) -> str:
    """Return the day of an ISO 8601 moment."""
    then = _moment(moment)
    return moment if then is None else then.date().isoformat()


def lasting(seconds: float) -> str:
    """Return a length of time in words, roughly."""
    if seconds < _MINUTE:
        return tr("{count} s").format(count=max(round(seconds), 1))
    if seconds < _HOUR:
        return tr("{count} min").format(count=round(seconds / _MINUTE))
    return tr("{count} h").format(count=f"{seconds / _HOUR:.1f}".removesuffix(".0"))


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
