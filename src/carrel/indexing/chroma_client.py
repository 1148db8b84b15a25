"""Chroma's client for this process or for a server, told to keep everything to itself; its errors as ours.

Whatever Chroma would read from the environment or from a ``.env`` file is set here instead, telemetry is
off, and no collection has an embedding function, so that nothing is fetched and nothing sent elsewhere.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import SplitResult, urlsplit

from carrel.core.errors import CarrelError, IndexDamaged, InvalidSetting
from carrel.core.index_errors import IndexEngineNotInstalled, IndexServerRefuses, IndexServerUnavailable

if TYPE_CHECKING:
    from chromadb.api.client import Client

_SECONDS = 60.0  # for a server's answer
_DETAIL = 200  # characters of a server's words


@dataclass(frozen=True, slots=True)
class Server:
    """A Chroma server: its address, and the token that a proxy before it may want."""

    url: str
    token: str = ""


def checked_server(url: str, token: str) -> Server | None:
    """Return the server that the settings name; None where they name none. Raises InvalidSetting."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        sound, parts = False, SplitResult("", "", "", "", "")
    if not sound or parts.username is not None or parts.query or parts.fragment:
        shown = url if "@" not in url else "…"  # a password may stand before it
        raise InvalidSetting(
            name="CARREL_CHROMA_URL", value=shown, expected="an address such as http://127.0.0.1:8000"
        )
    if not token.isascii() or not token.isprintable():
        raise InvalidSetting(name="CARREL_CHROMA_TOKEN", value="…", expected="ASCII characters")
    return Server(url.rstrip("/"), token)


def open_client(folder: Path, server: Server | None, index_name: str) -> "Client":
    """Return a client of the server, or of what ``folder`` keeps; ``index_name`` is for messages. Close it.

    Raises:
        IndexEngineNotInstalled: the package is missing.
        IndexServerUnavailable, IndexServerRefuses: of the server.
        IndexDamaged: what the folder keeps cannot be opened.
    """
    try:
        import chromadb
        import httpx
        from chromadb.config import Settings
    except ImportError as error:
        raise IndexEngineNotInstalled(engine="chroma", extra="chroma") from error
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]  # pydantic-settings' own
        anonymized_telemetry=False,
        chroma_otel_collection_endpoint="",
        chroma_client_auth_provider=None,
        chroma_client_auth_credentials=None,
        chroma_server_host=None,
        chroma_server_http_port=None,
    )
    with engine_errors(folder, server, index_name):
        if server is None:
            return cast("Client", chromadb.PersistentClient(folder, settings))
        # A whole address as the host: the port and what may stand behind it are Carrel's to read.
        headers = {"Authorization": f"Bearer {server.token}"} if server.token else {}
        secure = server.url.startswith("https:")
        client = chromadb.HttpClient(server.url, ssl=secure, headers=headers, settings=settings)
        # It would wait for an answer for ever, and offers no setting.
        session = getattr(getattr(client, "_server", None), "_session", None)
        if isinstance(session, httpx.Client):
            session.timeout = httpx.Timeout(_SECONDS)
        return cast("Client", client)


@contextmanager
def engine_errors(folder: Path, server: Server | None, index_name: str) -> Iterator[None]:
    """Turn what Chroma raises in the block into errors of Carrel's tree."""
    try:
        yield
    except (CarrelError, sqlite3.Error):  # the lexical side's, which is on this machine
        raise
    except Exception as error:  # httpx's, Chroma's own and bare ones: they share no class
        detail = (str(error) or type(error).__name__)[:_DETAIL]
        if server is None:
            raise IndexDamaged(index=index_name, folder=folder, detail=detail) from error
        if _is_of_transport(error):
            raise IndexServerUnavailable(index=index_name, url=server.url, detail=detail) from error
        raise IndexServerRefuses(index=index_name, url=server.url, detail=detail) from error


def _is_of_transport(error: BaseException | None) -> bool:
    """Whether the connection failed; Chroma's client hides that behind a ValueError when it starts."""
    import httpx

    while error is not None:
        if isinstance(error, httpx.TransportError) or "Could not connect to a Chroma server" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False
