"""``carrel admin`` as a process of its own."""

from contextlib import closing
from pathlib import Path

import pytest

from carrel.core.accounts import Role
from carrel.storage import audit, members, users
from carrel.storage.database import open_database
from tests.e2e.command import Answer, Carrel

PASSWORD = "a good password"


@pytest.fixture
def carrel(tmp_path: Path) -> Carrel:
    return Carrel(tmp_path / "home", tmp_path / "cache")


def with_password(carrel: Carrel, *arguments: str, password: str = PASSWORD) -> Answer:
    answer = carrel.run(*arguments, "--password-stdin", typed=f"{password}\nanother line\n")
    assert password not in answer.out + answer.err
    return answer


def test_an_administrator_is_made_and_has_a_key(carrel: Carrel) -> None:
    assert carrel.json("admin", "users") == {"users": [], "sign_up": "closed"}
    made = with_password(carrel, "admin", "create", "ada", "--json")
    assert made.code == 0
    assert (made.document["name"], made.document["administrator"]) == ("ada", True)
    with_password(carrel, "admin", "create", "ADA").failed_with(2, "ADA")
    assert carrel.json("admin", "users")["users"][0]["must_change_password"] is False
    key = carrel.json("admin", "key", "ada", "--scope", "read", "--scope", "models", "--expires", "30")
    assert key["secret"].startswith("carrel_")
    assert key["scopes"] == ["models", "read"]
    plain = carrel.run("admin", "key", "ada")
    assert plain.out.strip().startswith("carrel_")
    assert "again" in plain.err


def test_a_password_is_set_and_must_be_changed(carrel: Carrel) -> None:
    with_password(carrel, "admin", "create", "ada")
    assert with_password(carrel, "admin", "reset-password", "ada", password="quite another").code == 0
    assert carrel.json("admin", "users")["users"][0]["must_change_password"] is True
    with_password(carrel, "admin", "reset-password", "bob").failed_with(2, "bob")
    with_password(carrel, "admin", "reset-password", "ada", password="short").failed_with(2, "10")


def test_a_user_is_deleted_and_somebody_else_has_what_only_they_owned(carrel: Carrel) -> None:
    with_password(carrel, "admin", "create", "ada")
    carrel.run("admin", "delete", "ada").failed_with(2, "administrator")
    with_password(carrel, "admin", "create", "bob")
    kept, doomed = (carrel.json("kb", "create", name)["id"] for name in ("kept", "doomed"))
    catalog = open_database(carrel.home)
    with closing(catalog):
        for name, base in (("bob", kept), ("eve", doomed)):
            if name == "eve":
                with_password(carrel, "admin", "create", "eve")
            with catalog.write() as tx:
                row = tx.row("SELECT id FROM users WHERE name = :name", name=name)
                assert row is not None
                members.set_role(tx, base, row["id"], Role.OWNER)
        carrel.run("admin", "delete", "bob").failed_with(2, "kept")
        gone = carrel.json("admin", "delete", "bob", "--knowledge-bases", "keep")
        assert gone["name"] == "bob"
        assert "eve" in carrel.run("admin", "delete", "eve", "--knowledge-bases", "delete").out
        assert [each["name"] for each in carrel.json("admin", "users")["users"]] == ["ada"]
        assert [each["name"] for each in carrel.json("kb", "list")["knowledge_bases"]] == ["kept"]
        with catalog.read() as tx:
            (owner,) = members.of(tx, kept)
            heir = users.by_id(tx, owner)
            assert heir is not None
            assert heir.name == "ada"
            done = [(entry.action, entry.subject) for entry in audit.page(tx, 10, None, None, "user-delete")]
        assert ("user-delete", gone["id"]) in done
        assert len(done) == 2
    carrel.run("admin", "delete", "bob").failed_with(2, "bob")


def test_signing_up_is_opened_and_closed(carrel: Carrel) -> None:
    with_password(carrel, "admin", "create", "ada")
    assert carrel.json("admin", "sign-up", "open") == {"sign_up": "open"}
    assert carrel.json("admin", "users")["sign_up"] == "open"
    assert carrel.run("admin", "sign-up", "closed").code == 0
    carrel.run("admin", "sign-up", "ajar").failed_with(2, "open")


def test_without_a_terminal_nobody_is_asked(carrel: Carrel) -> None:
    carrel.run("admin", "create", "ada").failed_with(2, "--password-stdin")
    carrel.run("admin", "key", "nobody").failed_with(2, "nobody")
