"""What an examination of the stores is given and what it finds."""

from collections import Counter
from dataclasses import dataclass, field

from carrel.library.backup import Stores


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a store that should be otherwise: its kind, stable for programs, and what it is about."""

    store: str  # catalog, files, parses, index or vectors
    kind: str
    subject: str
    mended: bool


@dataclass(slots=True)
class Examining:
    """The stores that are examined, and how; what was looked at is counted, what was left out is named."""

    stores: Stores
    mend: bool
    deep: bool  # read every file, not only its name
    checked: Counter[str] = field(default_factory=Counter)
    left_out: list[str] = field(default_factory=list)
