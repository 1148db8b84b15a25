"""Sharing knowledge bases: by owners, with people named exactly, never without an owner."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.core.account_errors import LastOwner, RoleTooLow, ScopeTooNarrow, UserMissing
from carrel.core.accounts import COMMAND_LINE, Role, Scope
from carrel.core.errors import KnowledgeBaseMissing
from carrel.library.shelves import Shelves
from tests.unit.library.people import Lab


@given(st.sampled_from(Role), st.sampled_from(Role), st.sampled_from(Role))
def test_roles_are_in_order(one: Role, two: Role, three: Role) -> None:
    assert one.includes(one)
    assert one.includes(two) or two.includes(one)
    assert (one.includes(two) and two.includes(one)) == (one is two)
    if one.includes(two) and two.includes(three):
        assert one.includes(three)


def test_who_is_let_in_sees_it_and_who_is_shut_out_does_not(lab: Lab) -> None:
    bob, eve = lab.user("bob"), lab.user("eve")
    base = lab.base(bob)
    sharing = lab.accounts.sharing
    with pytest.raises(KnowledgeBaseMissing):
        sharing.members(eve, base.id)
    assert sharing.set_role(bob, base.id, "EVE", Role.VIEWER).name == "eve"
    assert [(m.name, m.role) for m in sharing.members(eve, base.id)] == [
        ("bob", Role.OWNER),
        ("eve", Role.VIEWER),
    ]
    assert [found.id for found in Shelves(lab.catalog).of(eve).readable()] == [base.id]
    sharing.remove(bob, base.id, "eve")
    with pytest.raises(KnowledgeBaseMissing):
        sharing.members(eve, base.id)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR])
def test_only_owners_share(lab: Lab, role: Role) -> None:
    bob, eve = lab.user("bob"), lab.user("eve")
    base = lab.base(bob)
    lab.share(bob, base, eve, role)
    for forbidden in (
        lambda: lab.accounts.sharing.set_role(eve, base.id, "eve", Role.OWNER),
        lambda: lab.accounts.sharing.set_role(eve, base.id, "ada", Role.VIEWER),
        lambda: lab.accounts.sharing.remove(eve, base.id, "bob"),
    ):
        with pytest.raises(RoleTooLow):
            forbidden()
    lab.accounts.sharing.remove(eve, base.id, "eve")  # but everybody may leave
    assert [m.name for m in lab.accounts.sharing.members(bob, base.id)] == ["bob"]


def test_the_last_owner_stays(lab: Lab) -> None:
    bob, eve = lab.user("bob"), lab.user("eve")
    base = lab.base(bob)
    sharing = lab.accounts.sharing
    for caller in (bob, lab.admin, COMMAND_LINE):
        with pytest.raises(LastOwner):
            sharing.remove(caller, base.id, "bob")
        with pytest.raises(LastOwner):
            sharing.set_role(caller, base.id, "bob", Role.EDITOR)
    lab.share(bob, base, eve, Role.OWNER)
    sharing.remove(bob, base.id, "bob")
    with pytest.raises(LastOwner):
        sharing.remove(eve, base.id, "eve")


def test_people_are_named_exactly(lab: Lab) -> None:
    bob = lab.user("bob")
    base = lab.base(bob)
    lab.user("eve")
    lab.accounts.users.change(lab.admin, "eve", disabled=True)
    for name in ("nobody", "ad", "ada%", "", "eve"):
        with pytest.raises(UserMissing):
            lab.accounts.sharing.set_role(bob, base.id, name, Role.VIEWER)
    with pytest.raises(UserMissing):
        lab.accounts.sharing.remove(bob, base.id, "ada")  # no member


def test_a_stranger_learns_nothing_of_users(lab: Lab) -> None:
    base = lab.base(lab.user("bob"))
    eve = lab.user("eve")
    said = set()
    for name in ("ada", "nobody"):
        with pytest.raises(KnowledgeBaseMissing) as refused:
            lab.accounts.sharing.set_role(eve, base.id, name, Role.VIEWER)
        said.add(str(refused.value))
    assert len(said) == 1


def test_a_key_that_reads_does_not_share(lab: Lab) -> None:
    base = lab.base(lab.admin)
    _, secret = lab.accounts.api_keys.create(lab.admin, "reads", [Scope.READ])
    program = lab.accounts.api_keys.key_caller(secret)
    with pytest.raises(ScopeTooNarrow):
        lab.accounts.sharing.set_role(program, base.id, "ada", Role.OWNER)
