"""API keys: shown once, good for what was said, as long as was said."""

import pytest

from carrel.core.account_errors import (
    AdministratorsOnly,
    ApiKeyMissing,
    ApiKeyRefused,
    ApiKeyUnusable,
    ScopeTooNarrow,
)
from carrel.core.accounts import COMMAND_LINE, Scope
from tests.unit.library.people import Lab


def test_a_key_says_whose_it_is_and_what_it_is_good_for(lab: Lab) -> None:
    bob = lab.user("bob")
    key, secret = lab.accounts.api_keys.create(bob, "a program", [Scope.READ])
    assert secret.startswith("carrel_")
    assert len(secret) == 50
    assert secret.startswith(key.hint)
    caller = lab.accounts.api_keys.key_caller(secret, "10.0.0.9")
    assert (caller.user_id, caller.name, caller.key_id, caller.address) == (
        bob.user_id,
        "bob",
        key.id,
        "10.0.0.9",
    )
    assert [scope for scope in Scope if caller.may(scope)] == [Scope.READ]
    assert lab.accounts.api_keys.of_user(bob)[0].used_at != ""


def test_what_is_not_good_any_more_is_refused_in_the_same_words(lab: Lab) -> None:
    keys = lab.accounts.api_keys
    bob, eve = lab.user("bob"), lab.user("eve")
    _, expired = keys.create(bob, "expired", [Scope.READ], days=1)
    revoked_key, revoked = keys.create(bob, "revoked", [Scope.READ])
    _, disabled = keys.create(eve, "disabled", [Scope.READ])
    assert all(keys.key_caller(secret) for secret in (expired, revoked, disabled))
    lab.clock.forward(days=1)
    keys.revoke(bob, revoked_key.id)
    lab.accounts.users.change(lab.admin, "eve", disabled=True)
    said = set()
    for secret in (expired, revoked, disabled, "carrel_" + "x" * 43, "", "Bearer", expired[:-1]):
        with pytest.raises(ApiKeyRefused) as refused:
            keys.key_caller(secret)
        said.add(str(refused.value))
    assert len(said) == 1


def test_a_key_cannot_make_itself_a_better_one(lab: Lab) -> None:
    keys = lab.accounts.api_keys
    for scopes in ([Scope.READ], [Scope.WRITE], [Scope.MODELS]):
        key, secret = keys.create(lab.admin, "narrow", scopes)
        program = keys.key_caller(secret)
        for forbidden in (
            lambda p=program: keys.create(p, "wide", [Scope.READ]),
            lambda p=program, k=key: keys.revoke(p, k.id),
            lambda p=program: keys.of_user(p),
            lambda p=program: lab.accounts.users.create(p, "eve", "a good password"),
            lambda p=program: lab.accounts.audit.page(p),
        ):
            with pytest.raises(ScopeTooNarrow):
                forbidden()
    _, secret = keys.create(lab.admin, "administers", [Scope.ADMIN])
    with pytest.raises(ScopeTooNarrow):
        keys.create(keys.key_caller(secret), "writes", [Scope.WRITE])


def test_what_cannot_be_a_key(lab: Lab) -> None:
    bob = lab.user("bob")
    reads = [Scope.READ]
    wanted: list[tuple[str, list[Scope], int | None]] = [
        ("", reads, None),
        ("x" * 101, reads, None),
        ("a\x00b", reads, None),
        ("nothing", [], None),
        ("never", reads, 0),
        ("administers", [Scope.ADMIN], None),
    ]
    for name, scopes, days in wanted:
        with pytest.raises(ApiKeyUnusable):
            lab.accounts.api_keys.create(bob, name, scopes, days)


def test_others_keys_are_administrators_affair(lab: Lab) -> None:
    keys, bob, eve = lab.accounts.api_keys, lab.user("bob"), lab.user("eve")
    key, _ = keys.create(bob, "a program", [Scope.READ])
    with pytest.raises(ApiKeyMissing):
        keys.revoke(eve, key.id)
    for forbidden in (
        lambda: keys.of_user(eve, "bob"),
        lambda: keys.create(eve, "x", [Scope.READ], user="bob"),
    ):
        with pytest.raises(AdministratorsOnly):
            forbidden()
    made, _ = keys.create(COMMAND_LINE, "from the command line", [Scope.READ], user="bob")
    assert made.user_id == bob.user_id
    assert {found.id for found in keys.of_user(lab.admin, "bob")} == {key.id, made.id}
    assert keys.revoke(lab.admin, key.id).revoked_at != ""


def test_there_are_not_too_many(lab: Lab) -> None:
    keys = lab.accounts.api_keys
    made = [keys.create(lab.admin, f"{number}", [Scope.READ])[0] for number in range(100)]
    with pytest.raises(ApiKeyUnusable):
        keys.create(lab.admin, "one more", [Scope.READ])
    keys.revoke(lab.admin, made[0].id)
    assert keys.create(lab.admin, "one more", [Scope.READ])
