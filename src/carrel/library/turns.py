"""Long work on the catalog in short transactions, between which others come to write."""

import time
from collections.abc import Callable

from carrel.storage.database import Catalog, Transaction

ROUND_SECONDS = 1.0
"""For how long the owner of the index is kept from what else it has to do."""


def in_turns(catalog: Catalog, step: Callable[[Transaction], bool], seconds: float = ROUND_SECONDS) -> bool:
    """Take steps, each in a transaction of its own, for so many seconds; return whether there are more.

    ``step`` does about a tenth of a second's work and returns whether there may be more of it. After each
    the lock stays free for half as long as it was held: who waits for SQLite's only asks now and then.
    """
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        began = time.monotonic()
        with catalog.write() as tx:
            more = step(tx)
        if not more:
            return False
        time.sleep((time.monotonic() - began) / 2)
    return True
