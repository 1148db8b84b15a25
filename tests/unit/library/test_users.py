"""Users: the first one, what administrators do with them, and who can never be missing."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.core.account_errors import (
    AdministratorsOnly,
    ApiKeyRefused,
    LastAdministrator,
    OwnsKnowledgeBases,
    SetUpAlready,
    SignInRefused,
    SignUpClosed,
    UserExists,
    UserMissing,
    UserNameUnusable,
)
from carrel.core.accounts import COMMAND_LINE, Role, Scope
from carrel.core.audit import Action
from carrel.core.errors import InvalidSetting, KnowledgeBaseMissing
from carrel.library.shelves import Shelves
from carrel.library.user_names import checked_user_name, name_key
from carrel.storage.database import Catalog
from tests.unit.library.people import PASSWORD, Clock, Lab, accounts_of


def test_of_two_first_administrators_one_is_made(catalog: Catalog) -> None:
    accounts = accounts_of(catalog, Clock())

    def make(number: int) -> bool:
        try:
            accounts.users.create_first_administrator(f"user {number}", PASSWORD)
        except SetUpAlready:
            return False
        return True

    assert not accounts.users.is_set_up()
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(make, range(8)))
    assert made.count(True) == 1
    (only,) = accounts.users.all_of_them(COMMAND_LINE)
    assert only.administrator
    assert accounts.users.is_set_up()


def test_the_very_first_user_is_an_administrator(catalog: Catalog) -> None:
    users = accounts_of(catalog, Clock()).users
    assert users.create(COMMAND_LINE, "ada", PASSWORD).administrator
    assert not users.create(COMMAND_LINE, "bob", PASSWORD).administrator


def test_what_only_administrators_may(lab: Lab) -> None:
    bob = lab.user("bob")
    users = lab.accounts.users
    for forbidden in (
        lambda: users.create(bob, "eve", PASSWORD),
        lambda: users.all_of_them(bob),
        lambda: users.find(bob, "ada"),
        lambda: users.change(bob, "bob", administrator=True),
        lambda: users.reset_password(bob, "ada", PASSWORD),
        lambda: users.delete(bob, "ada"),
        lambda: users.set_sign_up(bob, "open"),
        lambda: lab.accounts.audit.page(bob),
    ):
        with pytest.raises(AdministratorsOnly):
            forbidden()


def test_signing_up_is_closed_unless_opened(lab: Lab) -> None:
    users = lab.accounts.users
    with pytest.raises(SignUpClosed):
        users.sign_up("bob", PASSWORD)
    with pytest.raises(InvalidSetting):
        users.set_sign_up(lab.admin, "ajar")
    users.set_sign_up(lab.admin, "open")
    assert not users.sign_up("bob", PASSWORD).administrator
    with pytest.raises(UserExists):
        users.sign_up("BOB", PASSWORD)
    users.set_sign_up(lab.admin, "closed")
    with pytest.raises(SignUpClosed):
        users.sign_up("eve", PASSWORD)


def test_the_last_administrator_stays(lab: Lab) -> None:
    users = lab.accounts.users
    lab.user("bob")
    for caller in (lab.admin, COMMAND_LINE):
        with pytest.raises(LastAdministrator):
            users.change(caller, "ada", administrator=False)
        with pytest.raises(LastAdministrator):
            users.change(caller, "ada", disabled=True)
        with pytest.raises(LastAdministrator):
            users.delete(caller, "ada")
    eve = lab.user("eve", administrator=True)
    users.change(lab.admin, "eve", disabled=True)  # who cannot sign in does not count
    with pytest.raises(LastAdministrator):
        users.change(lab.admin, "ada", administrator=False)
    users.change(lab.admin, "eve", disabled=False)
    users.change(eve, "ada", administrator=False)
    with pytest.raises(LastAdministrator):
        users.delete(eve, "eve")


def test_of_two_administrators_who_remove_each_other_one_stays(lab: Lab) -> None:
    eve = lab.user("eve", administrator=True)

    def remove(pair: tuple[str, str]) -> None:
        caller = lab.admin if pair[0] == "ada" else eve
        with suppress(LastAdministrator):
            lab.accounts.users.delete(caller, pair[1])

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(remove, [("ada", "eve"), ("eve", "ada")]))
    left = [user for user in lab.accounts.users.all_of_them(COMMAND_LINE) if user.administrator]
    assert len(left) == 1


def test_a_deleted_user_is_gone_with_sessions_keys_and_memberships(lab: Lab) -> None:
    bob = lab.user("bob")
    base = lab.base(lab.admin)
    lab.share(lab.admin, base, bob, Role.EDITOR)
    token = lab.accounts.signing_in.sign_in("bob", PASSWORD).token
    _, secret = lab.accounts.api_keys.create(bob, "a program", [Scope.READ])
    lab.accounts.users.delete(lab.admin, "bob")
    assert lab.accounts.signing_in.session(token) is None
    with pytest.raises(ApiKeyRefused):
        lab.accounts.api_keys.key_caller(secret)
    with pytest.raises(SignInRefused):
        lab.accounts.signing_in.sign_in("bob", PASSWORD)
    with pytest.raises(UserMissing):
        lab.accounts.users.find(lab.admin, "bob")
    assert [member.name for member in lab.accounts.sharing.members(lab.admin, base.id)] == ["ada"]
    with lab.catalog.read() as tx:
        for table in ("sessions", "api_keys", "members"):
            assert tx.rows(f"SELECT 1 FROM {table} WHERE user_id = :id", id=bob.user_id) == []


def test_what_a_deleted_user_owned_alone_is_kept_or_deleted_as_said(lab: Lab) -> None:
    bob, eve = lab.user("bob"), lab.user("eve")
    alone, shared = lab.base(bob, "alone"), lab.base(bob, "shared")
    lab.share(bob, shared, eve, Role.OWNER)
    with pytest.raises(OwnsKnowledgeBases) as refused:
        lab.accounts.users.delete(lab.admin, "bob")
    assert refused.value.parameters["names"] == "'alone'"
    lab.accounts.users.delete(lab.admin, "bob", "keep")
    assert [(m.name, m.role) for m in lab.accounts.sharing.members(lab.admin, alone.id)] == [
        ("ada", Role.OWNER)
    ]
    assert [m.name for m in lab.accounts.sharing.members(eve, shared.id)] == ["eve"]
    lab.accounts.users.delete(COMMAND_LINE, "eve", "delete")
    with pytest.raises(KnowledgeBaseMissing):
        Shelves(lab.catalog).require(shared.id, Role.VIEWER)
    assert [base.name for base in Shelves(lab.catalog).readable()] == ["alone"]


def test_the_command_line_leaves_knowledge_bases_to_an_administrator(lab: Lab) -> None:
    base = lab.base(lab.user("bob"))
    lab.accounts.users.delete(COMMAND_LINE, "bob", "keep")
    assert [m.name for m in lab.accounts.sharing.members(lab.admin, base.id)] == ["ada"]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        "x" * 101,
        "a\x00b",
        "a\nb\x07",
        "\u202egnp",
        "a\u200bb",
        "\u3164",
        "a\ufe0fb",
        "\ud800",
        "аda\u0430d",
    ],
)
def test_names_that_cannot_be(lab: Lab, name: str) -> None:
    with pytest.raises(UserNameUnusable):
        lab.accounts.users.create(lab.admin, name, PASSWORD)


@pytest.mark.parametrize("name", ["ADA", "ａｄａ", " ada ", "Ada"])
def test_names_that_read_the_same_are_one(lab: Lab, name: str) -> None:
    with pytest.raises(UserExists):
        lab.accounts.users.create(lab.admin, name, PASSWORD)
    assert lab.accounts.signing_in.sign_in(name, PASSWORD).session.user.name == "ada"


@pytest.mark.parametrize("name", ["Ada Lovelace", "李明", "Søren", "a.b+c@example.org", "Ольга", "山田 Taro"])
def test_names_that_can_be(lab: Lab, name: str) -> None:
    assert lab.accounts.users.create(lab.admin, name, PASSWORD).name == name


@given(st.text(max_size=120))
def test_a_name_s_key_stays_what_it_is(name: str) -> None:
    assert name_key(name_key(name)) == name_key(name)
    try:
        shown, key = checked_user_name(name)
    except UserNameUnusable:
        return
    assert key == name_key(shown) == name_key(name)
    assert 0 < len(key) <= 100
    assert checked_user_name(shown) == (shown, key)


def test_everything_is_written_down_and_no_secret_is(lab: Lab) -> None:
    bob = lab.user("bob")
    lab.accounts.users.change(lab.admin, "bob", administrator=True)
    lab.accounts.users.reset_password(lab.admin, "bob", "yet another password")
    _, secret = lab.accounts.api_keys.create(lab.admin, "a program", [Scope.ADMIN], days=1)
    program = lab.accounts.api_keys.key_caller(secret, "10.9.9.9")
    lab.accounts.users.delete(program, "bob")
    log = lab.accounts.audit.page(lab.admin)
    assert [entry.action for entry in log] == [
        Action.USER_DELETE,
        Action.API_KEY_CREATE,
        Action.PASSWORD_RESET,
        Action.USER_CHANGE,
        Action.USER_CREATE,
        Action.SET_UP,
    ]
    assert (log[0].user_name, log[0].subject, log[0].address) == ("ada", bob.user_id, "10.9.9.9")
    assert log[0].detail == {"name": "bob", "key": program.key_id}
    assert "another" not in str(log)
    assert secret not in str(log)


def test_the_log_is_read_in_pages(lab: Lab) -> None:
    for number in range(5):
        lab.user(f"user {number}")
    first = lab.accounts.audit.page(lab.admin, limit=4)
    rest = lab.accounts.audit.page(lab.admin, limit=4, before=first[-1].number)
    assert [entry.number for entry in (*first, *rest)] == [6, 5, 4, 3, 2, 1]
    assert [e.action for e in lab.accounts.audit.page(lab.admin, action=Action.SET_UP)] == [Action.SET_UP]
    assert len(lab.accounts.audit.page(lab.admin, user_id=lab.admin.user_id)) == 6
