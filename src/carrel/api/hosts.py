"""By which names the server may be asked: a stranger's name that points here is none of them."""

import ipaddress

from carrel.api.guard import is_this_machine

_ANY = "*"


class Hosts:
    """Tells whether a Host header is one of the server's own names.

    A page in a browser can make its own name point at this machine (DNS rebinding), but it cannot send
    another name than its own. An address in numbers cannot be made to point elsewhere, so it is let in.
    """

    def __init__(self, allowed: str = "", host: str = "") -> None:
        """Take the setting ``allowed_hosts``, names with commas between, and the name given to --host."""
        names = {name.strip().lower().rstrip(".") for name in (*allowed.split(","), host)}
        self._names = names - {""}

    def admit(self, header: str) -> bool:
        """Whether a Host header, with or without a port, may ask."""
        if _ANY in self._names or is_this_machine(header):
            return True
        name, _, port = header.rpartition(":") if not header.endswith("]") else (header, "", "")
        if not port.isdecimal():
            name = header
        name = name.lower().rstrip(".")
        return name in self._names or is_address(name.removeprefix("[").removesuffix("]"))


def is_address(name: str) -> bool:
    """Whether this is an IP address, and no name."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
