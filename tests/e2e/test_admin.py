"""``carrel admin`` as a process of its own."""

from pathlib import Path

import pytest

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


def test_signing_up_is_opened_and_closed(carrel: Carrel) -> None:
    with_password(carrel, "admin", "create", "ada")
    assert carrel.json("admin", "sign-up", "open") == {"sign_up": "open"}
    assert carrel.json("admin", "users")["sign_up"] == "open"
    assert carrel.run("admin", "sign-up", "closed").code == 0
    carrel.run("admin", "sign-up", "ajar").failed_with(2, "open")


def test_without_a_terminal_nobody_is_asked(carrel: Carrel) -> None:
    carrel.run("admin", "create", "ada").failed_with(2, "--password-stdin")
    carrel.run("admin", "key", "nobody").failed_with(2, "nobody")
