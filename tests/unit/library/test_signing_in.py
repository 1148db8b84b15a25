"""Signing in and out: who gets in, for how long, and who does not."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from carrel.core.account_errors import PasswordUnusable, PasswordWrong, SignInRefused, SignInThrottled
from carrel.core.accounts import Scope
from carrel.library.accounts import accounts_over
from carrel.library.passwords import Passwords
from carrel.storage import sessions, users
from carrel.storage.database import FILE_NAME
from tests.catalogs import empty_catalog
from tests.unit.library.people import CHEAP, PASSWORD, Lab, lab_over

OTHER = "another good password"
HERE, THERE = "192.0.2.1", "198.51.100.7"


def fail(lab: Lab, name: str = "ada", address: str = HERE, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(SignInRefused):
            lab.accounts.signing_in.sign_in(name, "not the password", address)


def test_a_session_says_who_it_is(lab: Lab) -> None:
    signed_in = lab.accounts.signing_in.sign_in("Ada", PASSWORD, HERE, "Firefox")
    found = lab.accounts.signing_in.session(signed_in.token)
    assert found is not None
    assert (found.caller.name, found.caller.administrator, found.caller.address) == ("ada", True, HERE)
    assert found.csrf_token == signed_in.session.csrf_token
    assert found.csrf_token not in ("", signed_in.token)
    assert found.agent == "Firefox"


def test_no_other_token_is_a_session(lab: Lab) -> None:
    token = lab.accounts.signing_in.sign_in("ada", PASSWORD).token
    for other in ("", token[:-1], token + "A", token.swapcase(), lab.admin.user_id):
        assert lab.accounts.signing_in.session(other) is None


def test_it_does_not_say_whether_name_or_password_is_wrong(lab: Lab) -> None:
    lab.user("bob")
    lab.accounts.users.change(lab.admin, "bob", disabled=True)
    said: set[tuple[str, tuple[str, ...]]] = set()
    for name, password in (("ada", OTHER), ("nobody", PASSWORD), ("bob", PASSWORD), ("bob", OTHER), ("", "")):
        with pytest.raises(SignInRefused) as refused:
            lab.accounts.signing_in.sign_in(name, password, f"192.0.2.{len(said)}")
        said.add((str(refused.value), tuple(refused.value.parameters)))
    assert len(said) == 1


def test_an_unknown_name_costs_a_hash_as_well(lab: Lab) -> None:
    class Counting(PasswordHasher):
        verified = 0

        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
            self.verified += 1
            return super().verify(hash, password)

    hasher = Counting(time_cost=1, memory_cost=8, parallelism=1)
    accounts = accounts_over(lab.catalog, Passwords(hasher), lab.clock)
    for name in ("ada", "nobody"):
        with pytest.raises(SignInRefused):
            accounts.signing_in.sign_in(name, OTHER)
    assert hasher.verified == 2


def test_a_session_ends_when_it_is_not_used(lab: Lab) -> None:
    used, idle = (lab.accounts.signing_in.sign_in("ada", PASSWORD).token for _ in range(2))
    for _ in range(3):
        lab.clock.forward(days=13)
        assert lab.accounts.signing_in.session(used) is not None
    assert lab.accounts.signing_in.session(idle) is None


def test_no_session_is_longer_than_sixty_days(lab: Lab) -> None:
    token = lab.accounts.signing_in.sign_in("ada", PASSWORD).token
    for _ in range(5):
        lab.clock.forward(days=11.9)
        assert lab.accounts.signing_in.session(token) is not None
    lab.clock.forward(days=0.6)
    assert lab.accounts.signing_in.session(token) is None


def test_use_is_written_once_a_minute(lab: Lab) -> None:
    token = lab.accounts.signing_in.sign_in("ada", PASSWORD).token
    began = lab.clock.moment

    def seen() -> str:
        with lab.catalog.read() as tx:
            return sessions.of_user(tx, lab.admin.user_id, "")[0].seen_at

    first = seen()
    lab.clock.forward(seconds=59)
    lab.accounts.signing_in.session(token)
    assert seen() == first
    lab.clock.forward(seconds=2)
    lab.accounts.signing_in.session(token)
    assert seen() > first
    assert lab.clock.moment > began


def test_signing_out_ends_one_session_or_all(lab: Lab) -> None:
    signing_in = lab.accounts.signing_in
    one, two, three = (signing_in.sign_in("ada", PASSWORD).token for _ in range(3))
    signing_in.sign_out(one)
    signing_in.sign_out(one)
    assert [signing_in.session(token) is None for token in (one, two, three)] == [True, False, False]
    assert signing_in.sign_out_everywhere(lab.admin, but_token=two) == 1
    assert [signing_in.session(token) is None for token in (one, two, three)] == [True, False, True]


def test_changing_the_password_ends_the_other_sessions(lab: Lab) -> None:
    signing_in = lab.accounts.signing_in
    mine, elsewhere = (signing_in.sign_in("ada", PASSWORD).token for _ in range(2))
    with pytest.raises(PasswordWrong):
        signing_in.change_password(lab.admin, OTHER, OTHER, mine)
    with pytest.raises(PasswordUnusable):
        signing_in.change_password(lab.admin, PASSWORD, "short", mine)
    signing_in.change_password(lab.admin, PASSWORD, OTHER, mine)
    assert signing_in.session(mine) is not None
    assert signing_in.session(elsewhere) is None
    with pytest.raises(SignInRefused):
        signing_in.sign_in("ada", PASSWORD)
    assert signing_in.sign_in("ada", OTHER)


def test_a_password_that_somebody_else_set_is_good_for_changing_it_only(lab: Lab) -> None:
    lab.user("bob")
    before = lab.accounts.signing_in.sign_in("bob", PASSWORD).token
    lab.accounts.users.reset_password(lab.admin, "bob", OTHER)
    assert lab.accounts.signing_in.session(before) is None
    signed_in = lab.accounts.signing_in.sign_in("bob", OTHER)
    caller = signed_in.session.caller
    assert [scope for scope in Scope if caller.may(scope)] == []
    lab.accounts.signing_in.change_password(caller, OTHER, PASSWORD, signed_in.token)
    after = lab.accounts.signing_in.session(signed_in.token)
    assert after is not None
    assert after.caller.may(Scope.WRITE)


def test_who_is_disabled_is_signed_out_at_once(lab: Lab) -> None:
    lab.user("bob")
    token = lab.accounts.signing_in.sign_in("bob", PASSWORD).token
    lab.accounts.users.change(lab.admin, "bob", disabled=True)
    assert lab.accounts.signing_in.session(token) is None
    lab.accounts.users.change(lab.admin, "bob", disabled=False)
    assert lab.accounts.signing_in.session(token) is None
    assert lab.accounts.signing_in.sign_in("bob", PASSWORD)


def test_a_hash_of_another_cost_is_renewed(lab: Lab) -> None:
    dearer = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    accounts = accounts_over(lab.catalog, Passwords(dearer), lab.clock)
    with ThreadPoolExecutor(4) as pool:  # at the same time, too
        list(pool.map(lambda _: accounts.signing_in.sign_in("ada", PASSWORD), range(4)))
    with lab.catalog.read() as tx:
        assert not dearer.check_needs_rehash(users.password_hash(tx, lab.admin.user_id))


def test_after_five_failures_one_waits_ever_longer(lab: Lab) -> None:
    fail(lab, times=5)
    waits = []
    for _ in range(12):
        with pytest.raises(SignInThrottled) as throttled:
            lab.accounts.signing_in.sign_in("ada", PASSWORD, HERE)  # the right one does not help
        waits.append(int(throttled.value.parameters["seconds"]))
        lab.clock.forward(seconds=waits[-1])
        fail(lab)
    assert waits[:4] == [1, 2, 4, 8]
    assert max(waits) == waits[-1] == 900


def test_what_is_refused_early_prolongs_nothing(lab: Lab) -> None:
    fail(lab, times=5)
    for _ in range(50):
        with pytest.raises(SignInThrottled):
            lab.accounts.signing_in.sign_in("ada", "not the password", HERE)
    lab.clock.forward(seconds=1)
    assert lab.accounts.signing_in.sign_in("ada", PASSWORD, HERE)


def test_success_forgets_the_failures(lab: Lab) -> None:
    fail(lab, times=4)
    lab.accounts.signing_in.sign_in("ada", PASSWORD, HERE)
    fail(lab, times=5)


def test_another_address_is_not_kept_out(lab: Lab) -> None:
    fail(lab, times=5)
    assert lab.accounts.signing_in.sign_in("ada", PASSWORD, THERE)


def test_an_address_cannot_try_one_name_after_the_other(lab: Lab) -> None:
    for number in range(30):
        fail(lab, f"user {number}")
    with pytest.raises(SignInThrottled):
        lab.accounts.signing_in.sign_in("somebody else", PASSWORD, HERE)


def test_of_ipv6_one_household_is_one_address(lab: Lab) -> None:
    for number in range(5):
        fail(lab, address=f"2001:db8:1:2::{number}")
    with pytest.raises(SignInThrottled):
        lab.accounts.signing_in.sign_in("ada", PASSWORD, "2001:db8:1:2:ffff::1")
    assert lab.accounts.signing_in.sign_in("ada", PASSWORD, "2001:db8:1:3::1")


def test_many_addresses_slow_a_name_down_but_not_where_the_user_is_signed_in(lab: Lab) -> None:
    lab.accounts.signing_in.sign_in("ada", PASSWORD, THERE)
    for number in range(60):
        fail(lab, address=f"203.0.113.{number}")
        lab.clock.forward(seconds=30)
    fail(lab, address="203.0.113.99")
    with pytest.raises(SignInThrottled) as throttled:
        lab.accounts.signing_in.sign_in("ada", PASSWORD, HERE)
    assert int(throttled.value.parameters["seconds"]) <= 30
    assert lab.accounts.signing_in.sign_in("ada", PASSWORD, THERE)


def test_yesterday_s_failures_are_forgotten(lab: Lab) -> None:
    fail(lab, times=5)
    lab.clock.forward(hours=25)
    fail(lab, "somebody else", THERE)
    with lab.catalog.read() as tx:
        rows = tx.rows("SELECT failures FROM sign_in_failures")
    assert [row["failures"] for row in rows] == [1, 1, 1]


def test_twenty_sign_in_at_once(lab: Lab) -> None:
    with ThreadPoolExecutor(20) as pool:
        tokens = list(pool.map(lambda _: lab.accounts.signing_in.sign_in("ada", PASSWORD).token, range(20)))
    assert len(set(tokens)) == 20
    assert all(lab.accounts.signing_in.session(token) for token in tokens)


def test_guesses_at_once_do_not_slip_through(lab: Lab) -> None:
    def guess(_: int) -> bool:
        try:
            lab.accounts.signing_in.sign_in("ada", "not the password", HERE)
        except SignInRefused:
            return True
        except SignInThrottled:
            return False
        raise AssertionError

    with ThreadPoolExecutor(20) as pool:
        looked_at = sum(pool.map(guess, range(40)))
    assert 5 <= looked_at <= 6  # as many as there are turns may be beyond the limit


def test_neither_passwords_nor_tokens_are_in_the_catalog(tmp_path: Path) -> None:
    catalog = empty_catalog(tmp_path / "home")
    lab = lab_over(catalog)
    lab.user("bob")
    signed_in = lab.accounts.signing_in.sign_in("ada", PASSWORD, HERE)
    _, secret = lab.accounts.api_keys.create(lab.admin, "a program", [Scope.READ])
    with pytest.raises(SignInRefused):  # a password typed where the name belongs
        lab.accounts.signing_in.sign_in("my secret typed as a name", PASSWORD, HERE)
    catalog.close()
    connection = sqlite3.connect(tmp_path / "home" / FILE_NAME)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    content = (tmp_path / "home" / FILE_NAME).read_bytes()
    assert signed_in.session.csrf_token.encode() in content  # so one would be found
    for clear in (PASSWORD, signed_in.token, secret, secret[12:], "my secret typed as a name"):
        assert clear.encode() not in content


@pytest.mark.parametrize("password", ["", "ninechars", "x" * 1001, "ada" * 1, "aaaaaaaaaaaa", "ab" * 8])
def test_passwords_that_cannot_be(lab: Lab, password: str) -> None:
    with pytest.raises(PasswordUnusable):
        lab.accounts.users.create(lab.admin, "bob", password)


def test_the_name_is_no_password(lab: Lab) -> None:
    with pytest.raises(PasswordUnusable):
        lab.accounts.users.create(lab.admin, "Bob the Builder", "bob the BUILDER")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.text(min_size=10, max_size=60).filter(lambda text: len(set(text)) > 5))
def test_whatever_is_typed_is_the_same_password_again(password: str) -> None:
    passwords = Passwords(CHEAP)
    try:
        stored = passwords.hashed(password, "nobody at all")
    except PasswordUnusable:
        return  # it is shorter when normalised
    assert passwords.fits(stored, password)
    assert not passwords.fits(stored, password + "x")
    assert not passwords.fits("", password)


def test_one_password_in_two_writings() -> None:
    passwords = Passwords(CHEAP)
    assert passwords.fits(passwords.hashed("Spa\u0308tzle und Brot", "x"), "Sp\u00e4tzle und Brot")
