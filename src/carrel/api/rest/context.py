"""What every route of the REST API works with; made once with the app."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import HTTPConnection

from carrel.api.rest.callers import SignIn, caller_with
from carrel.api.rest.changes import Changes, Streams
from carrel.api.rest.figures import Figures
from carrel.api.rest.origins import Clients
from carrel.api.rest.page_pictures import PagePictures
from carrel.api.rest.searching import Searches
from carrel.bootstrap import Services, open_drawer
from carrel.config import Settings
from carrel.core.accounts import Scope
from carrel.core.errors import InvalidSetting
from carrel.storage.files import sweep_temporary

UPLOADS = "uploads"  # temporary files, in the data folder


class Rest:
    """The server as its routes know it.

    Args:
        services: opened by the caller, who owns the indexes and closes them.
        sign_in: finds out who somebody is.
        token: the server's own, for commands on its machine; "" is none.
    """

    def __init__(self, services: Services, sign_in: SignIn, token: str = "") -> None:
        self.services = services
        self.sign_in = sign_in
        self.token = token
        self.clients = clients_of(services.settings)
        self.searches = Searches(services)
        self.figures = Figures(services.catalog)
        self.searches.after = self.figures.searched
        self.changes = Changes(services.catalog)
        self.streams = Streams(self.changes)
        self.pictures = PagePictures(lambda: open_drawer(services.settings))

    def may_use_models(self, secret: str) -> bool:
        """Whether a secret is good for /v1/embeddings and /v1/rerank."""
        caller = caller_with(self.sign_in, self.token, secret)
        return caller is not None and caller.may(Scope.MODELS)

    def stop(self) -> None:
        """Let go of those who listen, so that the server can end. May be called in a signal's handler."""
        self.changes.stopping = True

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Do what is done beside the requests while the block runs."""
        sweep_temporary(self.services.settings.home / UPLOADS)
        following = asyncio.create_task(self.changes.follow())
        try:
            yield
        finally:
            self.stop()
            following.cancel()
            self.pictures.close()
            self.searches.close()


def clients_of(settings: Settings) -> Clients:
    """Return what tells clients' addresses. Raises InvalidSetting."""
    try:
        return Clients(settings.trusted_proxies)
    except ValueError as error:
        expected = "addresses such as 127.0.0.1 or 10.0.0.0/8, with commas"
        raise InvalidSetting(
            name="CARREL_TRUSTED_PROXIES", value=settings.trusted_proxies, expected=expected
        ) from error


def rest_of(connection: HTTPConnection) -> Rest:
    """Return what the app of this request was made with."""
    rest: Rest = connection.app.state.rest
    return rest
