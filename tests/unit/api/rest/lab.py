"""A server with a few people: who owns, edits, views, knows nothing of, or administers what there is."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import uvicorn
from fastapi import FastAPI
from starlette.testclient import TestClient

from carrel.api.app import Server, create_app
from carrel.api.hosts import Hosts
from carrel.api.listening import address_of, listen
from carrel.core.accounts import Caller, Role, Scope
from carrel.core.knowledge_base import KnowledgeBase
from carrel.storage import members
from tests.fakes.sign_in import FakeSession, FakeSignIn
from tests.integration.worlds import World, world_with_real_index
from tests.unit.api.gateways import PATIENCE, models

TOKEN = "the-server's-own"
PEOPLE = ("owner", "editor", "viewer", "stranger", "administrator")
API = "/api/v1"


@dataclass
class Lab:
    """The app, its world, and clients of it."""

    world: World
    client: TestClient
    sign_in: FakeSignIn

    def as_(self, name: str) -> dict[str, str]:
        """Return the headers of somebody: a person, ``command`` with the server's token, or nobody."""
        secret = {"command": TOKEN, "nobody": ""}.get(name, name)
        return {"Authorization": f"Bearer {secret}"} if secret else {}

    def base(self, name: str = "shared", *members_: str) -> KnowledgeBase:
        """Make a knowledge base of the owner, in which editor and viewer have their roles."""
        caller = self.sign_in.keys["owner"]
        made = self.world.services.shelves.of(caller).create(name)
        with self.world.services.catalog.write() as tx:
            for each, role in (("editor", Role.EDITOR), ("viewer", Role.VIEWER)):
                members.set_role(tx, made.id, self.sign_in.keys[each].user_id, role)
        return made


@contextmanager
def lab(
    folder: Path, hosts: Hosts | None = None, furnish: Callable[[FastAPI], None] | None = None
) -> Iterator[Lab]:
    """Open a server on a fresh data folder; everybody's key is their name, their session name-session.

    ``furnish`` adds to the app before it starts.
    """
    with world_with_real_index(folder) as world:
        sign_in = FakeSignIn()
        people = {name: _person(world, name) for name in PEOPLE}
        reader = Caller(people["owner"].user_id, "owner", False, frozenset({Scope.READ}))
        sign_in.keys = {**people, "reader": reader}
        sign_in.keys["models"] = Caller(people["owner"].user_id, "owner", False, frozenset({Scope.MODELS}))
        sign_in.sessions = {f"{name}-session": FakeSession(person) for name, person in people.items()}
        world.services.own_index("a test", 0)
        server = Server(world.services, sign_in, TOKEN, hosts or Hosts("testserver"))
        app = create_app(models(), server=server)
        if furnish is not None:
            furnish(app)
        with TestClient(app, raise_server_exceptions=True) as client:
            yield Lab(world, client, sign_in)


def _person(world: World, name: str) -> Caller:
    """Make a user of this name in the catalog."""
    identifier = name.encode().hex()[:32].ljust(32, "0")
    with world.services.catalog.write() as tx:
        tx.run(
            """
            INSERT INTO users (id, name, name_key, password_hash, administrator, disabled, must_change,
                created_at, signed_in_at)
            VALUES (:id, :name, :name, '', :administrator, 0, 0, '', '')
            """,
            id=identifier,
            name=name,
            administrator=int(name == "administrator"),
        )
    return Caller(identifier, name, name == "administrator")


@contextmanager
def listening(opened: Lab) -> Iterator[httpx2.Client]:
    """Serve the same data folder over a socket: for answers that never end."""
    server = Server(opened.world.services, opened.sign_in, TOKEN, Hosts())
    app = create_app(models(), server=server)
    here = listen("127.0.0.1", 0)
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=5)
    running = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: running.run(sockets=[here]))
    thread.start()
    try:
        with httpx2.Client(base_url=address_of(here), timeout=PATIENCE, trust_env=False) as client:
            yield client
    finally:
        app.state.stop()
        running.should_exit = True
        thread.join()
