"""Reading JSON that may have been written by a process which has read a hostile file."""


def as_object(value: object) -> dict[str, object]:
    """Return the value as an object. Raises ValueError where it is something else."""
    if not isinstance(value, dict):
        raise ValueError("an object was expected")  # noqa: TRY004 - one error for all damage
    return value


def as_list(value: object) -> list[object]:
    """Return the value as a list. Raises ValueError where it is something else."""
    if not isinstance(value, list):
        raise ValueError("a list was expected")  # noqa: TRY004
    return value


def as_text(value: object) -> str:
    """Return the value as a text. Raises ValueError where it is something else."""
    if not isinstance(value, str):
        raise ValueError("a text was expected")  # noqa: TRY004
    return value


def as_number(value: object) -> int:
    """Return the value as a whole number that is not negative. Raises ValueError otherwise."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("a number was expected")
    return value


def as_real(value: object) -> float:
    """Return the value as a number, which may be negative or infinite. Raises ValueError otherwise."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("a number was expected")  # noqa: TRY004
    try:
        return float(value)
    except OverflowError as error:  # a whole number of hundreds of digits
        raise ValueError("a number was expected") from error


def as_share(value: object) -> float:
    """Return the value as a number in [0, 1]. Raises ValueError otherwise."""
    share = as_real(value)
    if not 0 <= share <= 1:
        raise ValueError("a share lies between 0 and 1")
    return share
