"""Correcting a paper over HTTP: who may, with what was seen before, and what is said of it afterwards."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.worlds import fake_paper
from tests.unit.api.rest.lab import API, Lab, lab


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Lab]:
    with lab(tmp_path) as opened:
        yield opened


def one_paper(opened: Lab) -> str:
    base = opened.base()
    accepted = opened.world.accept_bytes("p.pdf", fake_paper("Whalse", "They sing.", year="1019"), base.id)
    opened.world.work()
    return f"{API}/knowledge-bases/{base.id}/papers/{accepted.paper_id}"


def test_a_paper_is_corrected_and_that_is_taken_back(opened: Lab) -> None:
    url = one_paper(opened)
    seen = opened.client.get(url, headers=opened.as_("viewer"))
    body = {"title": "Whales", "year": None, "authors": ["Li Ming"], "language": "zh"}
    answer = opened.client.patch(url, json=body, headers=opened.as_("editor"))
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert {name: document[name] for name in body} == body
    assert document["evidence"]["title"] == {"source": "corrected", "confidence": 1.0}
    assert document["corrections"]["title"]["read"] == "Whalse"
    assert document["corrections"]["year"]["read"] == 1019
    assert document["corrections"]["authors"]["read"] == []
    assert {each["by"] for each in document["corrections"].values()} == {"editor"}
    after = opened.client.get(url, headers=opened.as_("viewer"))
    assert after.headers["etag"] == answer.headers["etag"] != seen.headers["etag"]
    opened.world.work()
    found = opened.client.post(f"{API}/search", json={"query": "whales"}, headers=opened.as_("viewer"))
    assert found.json()["results"][0]["paper"]["title"] == "Whales"
    back = opened.client.patch(
        url, json={"as_read": ["title", "year", "authors", "language"]}, headers=opened.as_("editor")
    )
    assert (back.json()["title"], back.json()["year"], back.json()["corrections"]) == ("Whalse", 1019, {})
    entries = opened.client.get(f"{API}/audit", headers=opened.as_("administrator")).json()["items"]
    corrected = [each for each in entries if each["action"] == "paper-correct"]
    assert [each["user_name"] for each in corrected] == ["editor", "editor"]
    assert corrected[1]["detail"]["title"] == "Whales"


def test_what_was_changed_meanwhile_is_not_overwritten(opened: Lab) -> None:
    url = one_paper(opened)
    tag = {"If-Match": opened.client.get(url, headers=opened.as_("editor")).headers["etag"]}
    first = opened.client.patch(url, json={"year": 2019}, headers=opened.as_("editor") | tag)
    second = opened.client.patch(url, json={"year": 2020}, headers=opened.as_("editor") | tag)
    assert (first.status_code, second.status_code) == (200, 412)
    assert opened.client.get(url, headers=opened.as_("editor")).json()["year"] == 2019


def test_who_may_not_and_what_cannot_be(opened: Lab) -> None:
    url = one_paper(opened)
    for who, status in (("viewer", 403), ("reader", 403), ("stranger", 404), ("nobody", 401)):
        assert opened.client.patch(url, json={"year": 2019}, headers=opened.as_(who)).status_code == status
    bodies: list[object] = [{"year": 3}, {"title": ""}, {"abstract": "x"}, {"doi": "x"}, []]
    for body in [*bodies, {"as_read": ["abstract"]}]:
        answer = opened.client.patch(url, json=body, headers=opened.as_("editor"))
        assert answer.status_code == 422, body
    refused = opened.client.patch(url, json={"language": "English"}, headers=opened.as_("editor")).json()
    assert refused["kind"] == "correction-unusable"
    assert "ISO 639-1" in refused["hint"]


def test_tags_are_set_counted_and_filtered_by(opened: Lab) -> None:
    url = one_paper(opened)
    base, paper = url.split("/papers/")
    answer = opened.client.patch(url, json={"tags": ["To read", "method"]}, headers=opened.as_("editor"))
    assert (answer.status_code, answer.json()["tags"]) == (200, ["method", "To read"])
    assert answer.json()["corrections"] == {}
    viewer = opened.as_("viewer")
    assert opened.client.get(f"{base}/tags", headers=viewer).json() == {
        "tags": [{"tag": "method", "papers": 1}, {"tag": "To read", "papers": 1}]
    }
    for labels, found in ((["TO READ"], [paper]), (["to read", "method"], [paper]), (["other"], [])):
        listed = opened.client.get(f"{base}/papers", params={"tag": labels}, headers=viewer).json()
        assert [each["id"] for each in listed["items"]] == found
    refused = opened.client.patch(url, json={"tags": ["x" * 61], "year": 2000}, headers=opened.as_("editor"))
    assert (refused.status_code, refused.json()["kind"]) == (422, "tag-unusable")
    assert opened.client.get(url, headers=viewer).json()["year"] == 1019


def test_papers_are_exported_as_they_were_corrected(opened: Lab) -> None:
    url = one_paper(opened)
    base, paper = url.split("/papers/")
    opened.client.patch(url, json={"title": "Whales", "authors": ["Li Ming"]}, headers=opened.as_("editor"))
    viewer = opened.as_("viewer")
    for wanted, kind, words in (
        ("bibtex", "application/x-bibtex", "@misc{ming1019whales,"),
        ("ris", "application/x-research-info-systems", "AU  - Ming, Li"),
        ("csl-json", "application/vnd.citationstyles.csl+json", '"family": "Ming"'),
    ):
        params = {"format": wanted, "paper": paper}
        answer = opened.client.get(f"{base}/papers/export", params=params, headers=viewer)
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
        assert words in answer.text
    assert opened.client.get(f"{base}/papers/export", headers=viewer).text.count("@") == 1
    missing = opened.client.get(f"{base}/papers/export", params={"paper": "0" * 32}, headers=viewer)
    assert missing.json()["kind"] == "paper-missing"
