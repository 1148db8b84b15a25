"""``carrel serve`` and accounts: the first visit, somebody else's program, ``carrel admin`` beside it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from tests.e2e.command import SECONDS, Carrel, Document

PASSWORD = "a good password"
NO_MODEL = {"CARREL_EMBEDDER": "words", "CARREL_EMBEDDER_URL": "http://127.0.0.1:1/v1"}


@contextmanager
def serving(carrel: Carrel) -> Iterator[Document]:
    """Start the server; yield what it says."""
    process = carrel.start("serve", "--port", "0", "--workers", "0", "--json")
    try:
        assert process.stdout is not None
        said = ""
        while not said.endswith("}\n"):
            line = process.stdout.readline().decode()
            assert line, process.communicate(timeout=SECONDS)
            said += line
        yield json.loads(said)
    finally:
        process.kill()
        process.communicate(timeout=SECONDS)


def test_a_server_is_set_up_used_and_administered_while_it_runs(tmp_path: Path) -> None:
    carrel = Carrel(tmp_path / "home", tmp_path / "cache", NO_MODEL)
    with serving(carrel) as said:
        api = said["url"].removesuffix("/v1") + "/api/v1"
        assert len(said["set_up_code"]) == 16
        with httpx2.Client(timeout=SECONDS, trust_env=False) as client:
            forwarded = {"X-Forwarded-For": "203.0.113.5"}
            ada = {"name": "ada", "password": PASSWORD}
            assert client.post(f"{api}/setup", json=ada, headers=forwarded).status_code == 403
            made = client.post(f"{api}/setup", json=ada | {"code": said["set_up_code"]}, headers=forwarded)
            assert made.status_code == 201
            signed_in = client.post(f"{api}/session", json=ada)
            token = {"X-CSRF-Token": signed_in.json()["csrf_token"]}
            assert client.post(f"{api}/knowledge-bases", json={"name": "thesis"}).status_code == 403
            base = client.post(f"{api}/knowledge-bases", json={"name": "thesis"}, headers=token)
            assert base.status_code == 201
            key = carrel.json("admin", "key", "ada", "--scope", "read")
            headers = {"Authorization": f"Bearer {key['secret']}"}
            with httpx2.Client(timeout=SECONDS, trust_env=False, headers=headers) as program:
                (found,) = program.get(f"{api}/knowledge-bases").json()["items"]
                assert (found["name"], found["role"]) == ("thesis", "owner")
            typed = "quite another one\n"
            assert carrel.run("admin", "reset-password", "ada", "--password-stdin", typed=typed).code == 0
            assert client.get(f"{api}/session").status_code == 401
    with serving(carrel) as said:
        assert said["set_up_code"] is None
