"""``/reindex``: begun, watched, cancelled and gone back from over REST."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from httpx2 import Response

from tests.integration.worlds import WIDE_MODEL
from tests.unit.api.rest.lab import API, Lab, lab


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Lab]:
    with lab(tmp_path) as opened:
        opened.base("filled")
        opened.world.add("Glaciers", "Violins", kb="filled")
        yield opened


def ask(
    opened: Lab, method: str, step: str = "", who: str = "owner", json: dict[str, object] | None = None
) -> Response:
    url = f"{API}/knowledge-bases/filled/reindex{step}"
    return opened.client.request(method, url, headers=opened.as_(who), json=json)


def serving(opened: Lab) -> tuple[str, int]:
    found = ask(opened, "GET").json()
    return found["serving"]["embedder"], found["serving"]["generation"]


def test_another_model_and_back(opened: Lab) -> None:
    usual, first = serving(opened)
    begun = ask(opened, "POST", who="administrator", json={"embedder": WIDE_MODEL, "chunking": {"size": 64}})
    assert begun.status_code == 202
    document = begun.json()
    assert (document["state"], document["serving"]["embedder"]) == ("building", usual)
    assert document["under_way"]["embedder"] == WIDE_MODEL
    assert document["under_way"]["papers"] == {"done": 0, "total": 2}
    again = ask(opened, "POST", json={})
    assert (again.status_code, again.json()["kind"]) == (409, "rebuild-under-way")
    opened.world.finish_rebuild("filled")
    assert serving(opened) == (WIDE_MODEL, 2)
    assert ask(opened, "GET", who="viewer").json()["kept"]["generation"] == first
    assert ask(opened, "POST", "/rollback").status_code == 202
    opened.world.finish_rebuild("filled")
    assert serving(opened) == (usual, first)
    assert ask(opened, "POST", "/discard").json()["kept"] is None
    logged = opened.client.get(f"{API}/audit", headers=opened.as_("administrator")).json()["items"]
    steps = [entry["detail"]["step"] for entry in logged if entry["action"] == "knowledge-base-reindex"]
    assert sorted(steps) == ["begin", "discard", "rollback"]


def test_a_cancelled_one_leaves_everything_as_it_was(opened: Lab) -> None:
    before = serving(opened)
    assert ask(opened, "POST", "/cancel").status_code == 409
    ask(opened, "POST", json={"dimensions": 32})
    found = ask(opened, "POST", "/cancel").json()
    assert (found["under_way"], found["last"]["state"]) == (None, "cancelled")
    assert serving(opened) == before


def test_an_estimate_changes_nothing(opened: Lab) -> None:
    found = ask(opened, "POST", "/estimate", json={"dimensions": 32})
    assert found.status_code == 200
    assert (found.json()["papers"], found.json()["to_embed"], found.json()["exact"]) == (2, 0, True)
    assert ask(opened, "GET").json()["under_way"] is None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"embedder": "nonesuch"}, 422),
        ({"dimensions": 31}, 422),
        ({"dimensions": "many"}, 422),
        ({"chunking": {"size": 64, "overlap": 60}}, 422),
        ({"chunking": {"size": 1}}, 422),
        ({"parser": "nonesuch"}, 422),
        ({"generation": 3}, 422),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    opened: Lab, body: dict[str, object], status: int
) -> None:
    answer = ask(opened, "POST", json=body)
    assert answer.status_code == status, answer.text
    assert ask(opened, "GET").json()["under_way"] is None
