"""A paper's words, found places and references over HTTP; links only to what the caller may read."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from carrel.core.ids import PaperId
from carrel.core.paper import Block, BlockKind
from tests.integration.worlds import fake_paper
from tests.unit.api.rest.lab import API, Lab, lab


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Lab]:
    with lab(tmp_path) as opened:
        yield opened


def test_words_of_a_page_and_words_found(opened: Lab) -> None:
    base = opened.base()
    content = fake_paper("Whales", "They sing: deep-sea songs.")
    paper = opened.world.accept_bytes("p.pdf", content, base.id).paper_id
    url = f"{API}/knowledge-bases/{base.id}/papers/{paper}"
    viewer = opened.as_("viewer")
    unread = opened.client.get(f"{url}/pages/1/words", headers=viewer)
    assert (unread.status_code, unread.json()["kind"]) == (404, "page-missing")
    assert opened.client.get(f"{url}/find", params={"q": "sing"}, headers=viewer).json() == {"places": []}
    opened.world.work()
    page = opened.client.get(f"{url}/pages/1/words", headers=viewer).json()
    assert (page["page"], page["width"], page["height"]) == (1, 612, 792)
    assert [word["text"] for word in page["words"]][-4:] == ["They", "sing:", "deep-sea", "songs."]
    assert opened.client.get(f"{url}/pages/3/words", headers=viewer).status_code == 404
    (place,) = opened.client.get(f"{url}/find", params={"q": "DEEP SEA"}, headers=viewer).json()["places"]
    assert (place["page"], place["text"]) == (1, "deep-sea")
    word = page["words"][-2]
    assert place["boxes"] == [{"page": 1} | {side: word[side] for side in ("x0", "y0", "x1", "y1")}]


def test_references_are_linked_to_what_the_caller_may_read(opened: Lab) -> None:
    base, other = opened.base(), opened.base("other")
    with opened.world.services.catalog.write() as tx:
        tx.run("DELETE FROM members WHERE knowledge_base_id = :id AND role = 'viewer'", id=other.id)
    cited = fake_paper("Attention Is All You Need", "Words.", authors="Ashish Vaswani")
    there = opened.world.accept_bytes("cited.pdf", cited, other.id).paper_id
    entry = "[1] A. Vaswani. Attention is all you need. 2017."
    paper = opened.world.accept_bytes(
        "p.pdf", fake_paper("Whales", f"They sing.\n\n{entry}"), base.id
    ).paper_id
    opened.world.work()
    url = f"{API}/knowledge-bases/{base.id}/papers/{paper}/references"
    assert opened.client.get(url, headers=opened.as_("viewer")).json() == {"references": []}
    make_last_block_a_reference(opened, paper, entry)
    for who, linked in (("editor", there), ("viewer", None)):
        (found,) = opened.client.get(url, headers=opened.as_(who)).json()["references"]
        assert (found["number"], found["text"], found["page"]) == (1, entry, 1)
        assert found["boxes"]
        assert (found["paper"] and found["paper"]["id"]) == linked
    opened.client.patch(
        f"{API}/knowledge-bases/{other.id}/papers/{there}",
        json={"title": "Another Title Altogether"},
        headers=opened.as_("editor"),
    )
    (found,) = opened.client.get(url, headers=opened.as_("editor")).json()["references"]
    assert found["paper"] is None


def make_last_block_a_reference(opened: Lab, paper: str, entry: str) -> None:
    """Store the parse as one whose parser knows a list of references: the fake one knows none."""
    services = opened.world.services
    fingerprint = opened.world.parser.fingerprint
    parsed = services.parses.get(PaperId(paper), fingerprint)
    assert parsed is not None
    blocks = tuple(
        Block(BlockKind.REFERENCE, block.start, block.end) if parsed.block_text(block) == entry else block
        for block in parsed.blocks
    )
    services.parses.put(PaperId(paper), fingerprint, replace(parsed, blocks=blocks))
