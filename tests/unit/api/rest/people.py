"""A server with real accounts: people sign in with passwords, programs with keys."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from httpx2 import Response
from starlette.testclient import TestClient

from carrel.api.app import Server, create_app
from carrel.api.hosts import Hosts
from carrel.api.rest.sign_in import CatalogSignIn, set_up_code
from carrel.core.accounts import COMMAND_LINE
from carrel.library.accounts import Accounts
from tests.integration.worlds import World, world_of_fakes
from tests.unit.api.gateways import models
from tests.unit.api.rest.lab import API, TOKEN
from tests.unit.library.people import PASSWORD, Clock, accounts_of

CODE = set_up_code(TOKEN)


@dataclass
class Browser:
    """Somebody's browser: it keeps its cookie, and its pages send the CSRF token."""

    client: TestClient
    csrf: str = ""
    extra: Mapping[str, str] | None = None

    def ask(self, method: str, path: str, json: object = None, **headers: str) -> Response:
        """Ask for something; with the token, unless it is given as "" or something else."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"X-CSRF-Token": self.csrf, **(self.extra or {}), **named}
        kept = {name: value for name, value in sent.items() if value}
        return self.client.request(method, API + path, json=json, headers=kept)

    def sign_in(self, name: str, password: str = PASSWORD) -> Response:
        """Sign in, and keep what comes."""
        answer = self.ask("POST", "/session", {"name": name, "password": password})
        self.csrf = answer.json().get("csrf_token", "") or ""
        return answer


@dataclass
class Place:
    """The server, its accounts, and its clock."""

    world: World
    accounts: Accounts
    clock: Clock
    app: object

    def browser(self, base_url: str = "http://testserver", address: str = "192.0.2.1") -> Browser:
        """Open a browser at an address."""
        return Browser(TestClient(self.app, base_url, client=(address, 50_000)))  # type: ignore[arg-type]

    def administrator(self) -> Browser:
        """Return ada's browser, signed in, on a server that was set up."""
        browser = self.browser()
        wanted = {"name": "ada", "password": PASSWORD, "code": CODE}
        assert browser.ask("POST", "/setup", wanted).status_code in (201, 409)
        assert browser.sign_in("ada").status_code == 201
        return browser

    def person(self, name: str) -> Browser:
        """Return the browser of a user who is made, and signed in."""
        self.accounts.users.create(COMMAND_LINE, name, PASSWORD, must_change=False)
        browser = self.browser()
        assert browser.sign_in(name).status_code == 201
        return browser


@contextmanager
def place(folder: Path, **settings: str) -> Iterator[Place]:
    """Open a server without anybody on a fresh data folder."""
    with world_of_fakes(folder) as world:
        clock = Clock()
        accounts = accounts_of(world.services.catalog, clock)
        world.services = replace(
            world.services,
            accounts=lambda: accounts,
            settings=replace(world.services.settings, **settings),  # type: ignore[arg-type]
        )
        server = Server(world.services, CatalogSignIn(accounts), TOKEN, Hosts("testserver"))
        app = create_app(models(), server=server)
        with TestClient(app):
            yield Place(world, accounts, clock, app)
