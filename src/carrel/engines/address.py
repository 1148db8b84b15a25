"""The address of a model's server, as its user writes it: with or without ``/v1`` or the path."""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from carrel.core.errors import InvalidSetting
from carrel.core.language import tr

_PATHS = re.compile(r"/(?:embeddings|rerank|chat/completions|models)$")
_VERSION = "/v1"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server that runs a model: where it is, what opens it, and which settings say so.

    ``url`` is the base that paths such as ``/embeddings`` are added to. It holds no user and no password.
    """

    url: str
    setting: str  # the settings' common beginning, such as CARREL_EMBEDDER
    api_key: str = field(default="", repr=False)
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def url_setting(self) -> str:
        """The setting that holds the address."""
        return f"{self.setting}_URL"

    @property
    def key_setting(self) -> str:
        """The setting that holds the key."""
        return f"{self.setting}_API_KEY"

    @property
    def root(self) -> str:
        """The address without the version: servers have paths of their own there, such as ``/health``."""
        return self.url.removesuffix(_VERSION)


def endpoint_at(url: str, setting: str, api_key: str = "") -> Endpoint:
    """Return the endpoint at an address: ``http://host:8000`` is ``http://host:8000/v1``.

    An address with a path of its own is taken as it is, without ``/embeddings`` and the like at its end.

    Raises:
        InvalidSetting: it is no HTTP address.
    """
    expected = "an address such as http://127.0.0.1:8000/v1"
    try:
        parts = urlsplit(url.strip())
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError as error:  # a port that is none, a bracket that does not close
        raise InvalidSetting(name=f"{setting}_URL", value=shown(url), expected=expected) from error
    if not valid or parts.query or parts.fragment or any(c.isspace() for c in url.strip()):
        raise InvalidSetting(name=f"{setting}_URL", value=shown(url), expected=expected)
    if not (api_key.strip().isascii() and api_key.strip().isprintable()):
        raise InvalidSetting(
            name=f"{setting}_API_KEY", value="…", expected=tr("letters, digits and signs of ASCII")
        )
    path = _PATHS.sub("", parts.path.rstrip("/")).rstrip("/") or _VERSION
    return Endpoint(
        url=f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{path}",
        setting=setting,
        api_key=api_key.strip(),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def shown(url: str) -> str:
    """Return what should have been an address without anything in it that may be a password."""
    scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]*:/*", url) if "//" in url else None
    before, at, after = url.rpartition("@")
    return ((scheme[0] if scheme else "") + after if at else before + after).partition("?")[0]
