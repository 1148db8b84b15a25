"""What is done with papers that are chosen in a table, and what is asked before it cannot be taken back."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.unit.web import world
from tests.unit.web.world import House, house


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as opened:
        yield opened


def chosen(opened: House, do: str, papers: list[str], **fields: str) -> httpx2.Response:
    """Press a button under the table, with some papers ticked."""
    data = {"csrf": world.CSRF, "do": do, "paper": papers, **fields}
    answer: httpx2.Response = opened.lab.client.post(
        opened.at("/shelves/{base}/selected"),
        data=data,
        headers={"Cookie": "carrel_session=editor-session"},
        follow_redirects=False,
    )
    return answer


def tags_of(opened: House, paper: str) -> list[str]:
    path = f"/api/v1/knowledge-bases/{opened.base.id}/papers/{paper}"
    return list(opened.lab.client.get(path, headers=opened.lab.as_("viewer")).json()["tags"])


def test_enter_in_the_field_of_tags_tags(opened: House) -> None:
    """A browser presses the first button of a form."""
    page = world.tree(opened.see(f"/shelves/{opened.base.id}", "editor"))
    buttons = page.xpath("//form[@id='selected']//button/@value")
    assert buttons[0] == "tag"
    assert {"bibtex", "ris", "csl-json", "retry", "remove"} < set(buttons)


@pytest.mark.parametrize("do", ["bibtex", "ris", "csl-json"])
def test_a_bibliography_has_what_was_chosen_and_read(opened: House, do: str) -> None:
    answer = chosen(opened, do, [opened.paper, opened.failed, opened.waiting])
    assert answer.status_code == 200
    assert "Whales of the North" in answer.text
    assert "Seals of the Shore" not in answer.text
    for papers in ([], [opened.failed]):
        nothing = chosen(opened, do, papers)
        assert nothing.status_code == 400
        assert "/api/v1" not in nothing.text
        assert "content-disposition" not in nothing.headers


def test_nothing_chosen_is_said(opened: House) -> None:
    for do in ("tag", "retry", "remove"):
        assert "No paper is chosen." in chosen(opened, do, [], tags="a").text


def test_tags_are_apart_at_commas_of_either_kind(opened: House) -> None:
    assert chosen(opened, "tag", [opened.paper], tags="综述\N{FULLWIDTH COMMA}稀疏, a,").status_code == 303
    assert tags_of(opened, opened.paper) == sorted(["综述", "稀疏", "a"])
    assert chosen(opened, "tag", [opened.paper], tags=" , ").status_code == 303
    assert len(tags_of(opened, opened.paper)) == 3


def test_papers_are_taken_out_once_that_is_confirmed(opened: House) -> None:
    back = f"/shelves/{opened.base.id}?state=ready"
    asked = chosen(opened, "remove", [opened.paper, opened.failed], back=back)
    assert asked.status_code == 200
    assert opened.see(opened.at("/shelves/{base}/papers/{paper}")).status_code == 200
    page = world.tree(asked)
    assert "Whales of the North" in world.words(asked)
    assert back in page.xpath("//main//a/@href")
    (form,) = page.xpath("//main//form")
    fields = [(name, value) for name, value in form.form_values() if name != "csrf"]
    assert [value for name, value in fields if name == "paper"] == [opened.paper, opened.failed]
    done = chosen(opened, "remove", [opened.paper, opened.failed], back=back, sure="yes")
    assert (done.status_code, done.headers["location"]) == (303, back)
    assert opened.see(opened.at("/shelves/{base}/papers/{paper}")).status_code == 404


def test_accounts_and_keys_end_once_that_is_confirmed(opened: House) -> None:
    accounts = opened.lab.world.services.accounts()
    administrator = opened.lab.sign_in.keys["administrator"]
    stranger = opened.lab.sign_in.keys["stranger"].user_id
    asked = opened.send("/settings/users/delete", "administrator", user=stranger)
    assert asked.status_code == 200
    assert "stranger" in world.words(asked)
    assert any(user.id == stranger for user in accounts.users.all_of_them(administrator))
    assert (
        opened.send("/settings/users/delete", "administrator", user=stranger, sure="yes").status_code == 303
    )
    assert not any(user.id == stranger for user in accounts.users.all_of_them(administrator))
    opened.send("/settings/keys", "owner", name="a script", scope="read", days="30")
    owner = opened.lab.sign_in.keys["owner"]
    (key,) = accounts.api_keys.of_user(owner)
    assert "a script" in world.words(opened.send("/settings/keys/revoke", "owner", key=key.id))
    assert not accounts.api_keys.of_user(owner)[0].revoked_at
    assert opened.send("/settings/keys/revoke", "owner", key=key.id, sure="yes").status_code == 303
    assert accounts.api_keys.of_user(owner)[0].revoked_at
