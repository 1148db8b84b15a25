"""From where a request comes: which site's page, and which client behind which proxy."""

import ipaddress
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from carrel.core.rest_errors import CrossOrigin

_OWN = frozenset({"same-origin", "none"})  # a page of ours, or the address bar


def check_origin(request: HTTPConnection) -> None:
    """Let a change pass that no other site's page asks for.

    Browsers say where a page comes from and let no page change that; other programs need not.

    Raises:
        CrossOrigin: another site's page asks.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site not in _OWN:
            raise CrossOrigin
        return
    origin = request.headers.get("origin")
    if origin is not None and _host_of(origin) != request.headers.get("host", "").lower():
        raise CrossOrigin


class Clients:
    """Tells clients' addresses, behind the proxies that are trusted to say them."""

    def __init__(self, trusted: str = "") -> None:
        """Take the setting ``trusted_proxies``, addresses or networks with commas between."""
        self._trusted = [
            ipaddress.ip_network(part.strip(), strict=False) for part in trusted.split(",") if part.strip()
        ]

    def address(self, request: HTTPConnection) -> str:
        """Return the address of a request's client: the last one said that is no trusted proxy's."""
        address = request.client.host if request.client else ""
        said = request.headers.get("x-forwarded-for", "").split(",") if self._is_trusted(address) else []
        for part in reversed(said):
            following = part.strip().removeprefix("[").partition("]")[0]
            if not _is_address(following):
                break
            address = following
            if not self._is_trusted(address):
                break
        return address

    def _is_trusted(self, address: str) -> bool:
        if not self._trusted or not _is_address(address):
            return False
        found = ipaddress.ip_address(address)
        return any(found in network for network in self._trusted)


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
