"""Judging over HTTP: a viewer judges and sees what they said, owners see what all said; out and in again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.worlds import fake_paper
from tests.unit.api.rest.lab import API, Lab, lab


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Lab]:
    with lab(tmp_path) as opened:
        yield opened


def two_papers(opened: Lab) -> tuple[str, list[str]]:
    base = opened.base()
    papers: list[str] = [
        opened.world.accept_bytes(f"{title}.pdf", fake_paper(title, f"{title} sing."), base.id).paper_id
        for title in ("Whales", "Seals")
    ]
    opened.world.work()
    return f"{API}/knowledge-bases/{base.id}/judgments", papers


def test_who_sees_and_takes_back_what(opened: Lab) -> None:
    url, (whales, seals) = two_papers(opened)
    owner, viewer = opened.as_("owner"), opened.as_("viewer")
    for who, paper, grade in (
        (viewer, whales, 2),
        (owner, whales, 0),
        (owner, seals, 0),
        (viewer, whales, 1),
    ):
        body = {"query": "who  sings?", "paper_id": paper, "grade": grade}
        answer = opened.client.put(url, json=body, headers=who)
        assert answer.status_code == 200, answer.text
    assert (answer.json()["title"], answer.json()["by"], answer.json()["grade"]) == ("Whales", "viewer", 1)
    mine = opened.client.get(url, headers=viewer).json()["items"]
    assert [(each["query"], each["paper_id"], each["grade"]) for each in mine] == [("who sings?", whales, 1)]
    listed, after = [], None
    while True:
        query = {"limit": "2", **({"cursor": after} if after else {})}
        page = opened.client.get(url, params=query, headers=owner).json()
        listed += page["items"]
        if (after := page["next"]) is None:
            break
    assert sorted((each["by"], each["title"]) for each in listed) == [
        ("owner", "Seals"),
        ("owner", "Whales"),
        ("viewer", "Whales"),
    ]
    theirs = next(each for each in listed if each["by"] == "owner")
    assert opened.client.delete(f"{url}/{theirs['id']}", headers=viewer).status_code == 404
    assert opened.client.delete(f"{url}/{mine[0]['id']}", headers=owner).status_code == 204
    assert opened.client.delete(f"{url}/nothing", headers=owner).status_code == 404
    assert opened.client.get(url, headers=viewer).json()["items"] == []
    entries = opened.client.get(f"{API}/audit", headers=opened.as_("administrator")).json()["items"]
    assert [each["subject"] for each in entries if each["action"] == "judgment-remove"] == [whales]
    unknown = {"query": "x", "paper_id": "0" * 32, "grade": 1}
    assert opened.client.put(url, json=unknown, headers=viewer).status_code == 404
    unusable = {"query": "\x02", "paper_id": whales, "grade": 1}
    assert opened.client.put(url, json=unusable, headers=viewer).json()["kind"] == "judgment-unusable"


def test_what_is_exported_can_be_imported(opened: Lab) -> None:
    url, (whales, seals) = two_papers(opened)
    owner, viewer = opened.as_("owner"), opened.as_("viewer")
    for query, paper, grade in (("谁在唱歌?", whales, 2), ("谁在唱歌?", seals, 0), ('"a\\t"', seals, 1)):
        opened.client.put(url, json={"query": query, "paper_id": paper, "grade": grade}, headers=owner)
    files = {
        name: opened.client.get(f"{url}/export", params={"file": name}, headers=owner).text
        for name in ("queries", "qrels")
    }
    assert files["qrels"].splitlines()[0] == "query-id\tcorpus-id\tscore"
    files["qrels"] += (
        f"nobody's\t{whales}\t1\n" + files["qrels"].splitlines()[1].split("\t")[0] + "\tgone\t1\n"
    )
    for who in ("viewer", "editor"):
        refused = opened.client.post(f"{url}/import", json=files, headers=opened.as_(who))
        assert (refused.status_code, refused.json()["kind"]) == (403, "role-too-low")
    opened.client.put(url, json={"query": "seen", "paper_id": whales, "grade": 1}, headers=viewer)
    brought = opened.client.post(f"{url}/import", json=files, headers=owner)
    assert brought.json() == {"judgments": 3, "queries": 2, "unknown_papers": 1}
    said = opened.client.get(url, headers=owner).json()["items"]
    assert {(each["query"], each["paper_id"], each["grade"]) for each in said} == {
        ("谁在唱歌?", whales, 2),
        ("谁在唱歌?", seals, 0),
        ('"a\\t"', seals, 1),
        ("seen", whales, 1),
    }
    for broken in ({"queries": "{", "qrels": ""}, {"queries": "", "qrels": "\na b"}):
        refused = opened.client.post(f"{url}/import", json=broken, headers=owner)
        assert (refused.status_code, refused.json()["kind"]) == (422, "judgments-unreadable")


def test_a_search_answers_with_its_record_where_asked(opened: Lab) -> None:
    two_papers(opened)
    question = {"query": "who  sings?", "knowledge_bases": ["shared"], "filters": {"year": "..2030"}}
    plain = opened.client.post(f"{API}/search", json=question, headers=opened.as_("viewer"))
    assert "record" not in plain.json()
    wanted = question | {"record": True}
    found = opened.client.post(f"{API}/search", json=wanted, headers=opened.as_("viewer")).json()
    record = found["record"]
    assert record["query"]["query"] == "who  sings?"
    assert [each["paper"]["id"] for each in record["results"]] == [
        each["paper"]["id"] for each in found["results"]
    ]
    asked = record["query"] | {"record": True}  # as it stands there
    again = opened.client.post(f"{API}/search", json=asked, headers=opened.as_("viewer")).json()
    assert again["record"] | {"at": ""} == record | {"at": ""}
