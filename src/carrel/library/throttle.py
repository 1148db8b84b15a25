"""How long somebody who failed to sign in must wait before the next attempt is looked at.

Three counts, each with free attempts and then a delay that doubles: of a name from an address, of an address
whatever the name, and of a name whatever the address. The first is the one that people meet. The second
stops who tries many names; it is generous, for a whole institute can share an address. The third stops who
tries one name from many addresses; its delay stays short, and it does not hold for an address from which
the user is signed in: so nobody can lock them out.
"""

import ipaddress
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from carrel.core.account_errors import SignInThrottled, SignUpThrottled
from carrel.library.tokens import digest
from carrel.storage import sign_in_failures
from carrel.storage.clock import read, written
from carrel.storage.database import Transaction

FORGOTTEN_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class _Limit:
    free: int  # failures without any delay
    longest: float  # seconds


_PAIR = _Limit(5, 15 * 60)
_ADDRESS = _Limit(30, 15 * 60)
_NAME = _Limit(50, 30)
_SIGN_UP = _Limit(30, 15 * 60)  # a whole class at once


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt to sign in with a name from an address, as the counts know it."""

    name_key: str
    address: str

    @property
    def keys(self) -> Mapping[str, _Limit]:
        """What it is counted under. Hashes: people type passwords where names belong."""
        network = _network(self.address)
        return {
            digest("pair", self.name_key, network): _PAIR,
            digest("address", network): _ADDRESS,
            digest("name", self.name_key): _NAME,
        }

    @property
    def keys_of_name(self) -> Sequence[str]:
        """The counts that end with success. Not the address's: who has an account could clear it."""
        return [key for key, limit in self.keys.items() if limit is not _ADDRESS]


def check(tx: Transaction, attempt: Attempt, moment: datetime, known_place: bool) -> None:
    """Let an attempt pass, or raise. What is refused here is not counted: it prolongs nothing.

    Args:
        tx: of the catalog.
        attempt: who tries, from where.
        moment: the present.
        known_place: the user has a session from this address.

    Raises:
        SignInThrottled: it comes too early.
    """
    found = sign_in_failures.counts(tx, list(attempt.keys))
    wait = 0.0
    for key, limit in attempt.keys.items():
        if key in found and not (known_place and limit is _NAME):
            failures, last_at = found[key]
            wait = max(wait, _delay(failures, limit) - (moment - read(last_at)).total_seconds())
    if wait > 0:
        raise SignInThrottled(seconds=math.ceil(wait))


def failed(tx: Transaction, attempt: Attempt, moment: datetime) -> None:
    """Count a failure, and forget those of yesterday."""
    sign_in_failures.prune(tx, written(moment - FORGOTTEN_AFTER))
    found = sign_in_failures.counts(tx, list(attempt.keys))
    for key in attempt.keys:
        sign_in_failures.put(tx, key, found.get(key, (0, ""))[0] + 1, written(moment))


def succeeded(tx: Transaction, attempt: Attempt) -> None:
    """Forget the failures of a name that has signed in."""
    sign_in_failures.forget(tx, attempt.keys_of_name)


def check_sign_up(tx: Transaction, address: str, moment: datetime) -> None:
    """Let somebody make an account. Raises SignUpThrottled where too many of the address have."""
    key = digest("sign-up", _network(address))
    if (found := sign_in_failures.counts(tx, [key]).get(key)) is not None:
        wait = _delay(found[0], _SIGN_UP) - (moment - read(found[1])).total_seconds()
        if wait > 0:
            raise SignUpThrottled(seconds=math.ceil(wait))


def signed_up(tx: Transaction, address: str, moment: datetime) -> None:
    """Count an account that was asked for, be it made or not."""
    sign_in_failures.prune(tx, written(moment - FORGOTTEN_AFTER))
    key = digest("sign-up", _network(address))
    found = sign_in_failures.counts(tx, [key])
    sign_in_failures.put(tx, key, found.get(key, (0, ""))[0] + 1, written(moment))


def _delay(failures: int, limit: _Limit) -> float:
    """Return the seconds after the last failure in which nothing is looked at."""
    beyond = failures - limit.free
    return 0.0 if beyond < 0 else min(2.0 ** min(beyond, 30), limit.longest)


def _network(address: str) -> str:
    """Return the address, of IPv6 the network that one household has."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.version == 4:
        return str(parsed)
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
