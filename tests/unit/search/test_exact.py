"""Excluded words: where they use the answer up, the index is asked again, a few times."""

from pathlib import Path

import numpy as np
import pytest

from carrel.core.ids import KnowledgeBaseId, PaperId, PassageId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.metadata import Metadata
from carrel.core.paper import Passage
from carrel.core.ports import IndexedPaper, IndexedPassage
from carrel.core.ranking import Candidate, Filters, Signal
from carrel.core.space import Encoder, Space
from carrel.search import exact, understand
from carrel.search.scope import Scope
from carrel.storage import knowledge_bases, papers
from tests.catalogs import empty_catalog
from tests.contract.test_catalog import parsed, sha
from tests.fakes.index import InMemoryIndex

AXIS = np.array([1.0, 0.0], np.float32)
AT_ONCE = 10


@pytest.fixture
def index() -> InMemoryIndex:
    """Sixty papers, of which the last three hold no reef and rank last."""
    index = InMemoryIndex(Space(Encoder("a-model", "1", "{text}", "mean", 2), 2))
    for number in range(60):
        identifier = PaperId(f"{number:032x}")
        text = "attention reef" if number < 57 else "attention and many other words of no interest at all"
        passage = IndexedPassage(f"{number:031x}p", AXIS, text)
        index.add([IndexedPaper(identifier, AXIS, text, (passage,))])
    return index


@pytest.mark.parametrize(
    ("text", "rounds", "papers"),
    [
        ("attention", 1, set(range(10))),
        ("attention -nothing", 1, set(range(10))),
        ("attention -reefs", 4, set()),  # four times ten, and the last three would come in the sixth
        ('attention -"other words"', 1, set(range(10))),
    ],
)
def test_rounds_are_bounded_and_nothing_excluded_is_left(
    index: InMemoryIndex, tmp_path: Path, text: str, rounds: int, papers: set[int]
) -> None:
    base = KnowledgeBase(KnowledgeBaseId("b" * 32), "library", papers=60, passages=60)
    catalog = empty_catalog(tmp_path)
    asked: list[Scope] = []

    def ask(scope: Scope) -> dict[Signal, tuple[Candidate, ...]]:
        asked.append(scope)
        return index.search(scope.asked(base, None, "attention reef", AT_ONCE))

    found = exact.retrieved(
        ask, understand.read(text), Scope(Filters()), 5, exact.Texts([base], catalog, lambda _: index)
    )
    catalog.close()
    assert len(asked) == rounds
    left = {int(candidate.paper_id, 16) for candidates in found.values() for candidate in candidates}
    assert left == papers


def test_papers_that_are_barred_leave_their_places_to_others(index: InMemoryIndex, tmp_path: Path) -> None:
    base = KnowledgeBase(KnowledgeBaseId("b" * 32), "library", papers=60, passages=60)
    catalog = empty_catalog(tmp_path)
    found = exact.retrieved(
        lambda scope: index.search(scope.asked(base, None, "attention reef", 30)),
        understand.read("attention -reef"),
        Scope(Filters()),
        5,
        exact.Texts([base], catalog, lambda _: index),
    )
    catalog.close()
    papers = {int(candidate.paper_id, 16) for candidates in found.values() for candidate in candidates}
    assert papers == {57, 58, 59}


def test_a_phrase_is_found_wherever_it_stands_though_its_words_are_common(
    index: InMemoryIndex, tmp_path: Path
) -> None:
    catalog = empty_catalog(tmp_path)
    said = {
        1: ["results of these"] * 2_500,
        2: [f"Much is said of what came out. {'And more of it. ' * 20} These\nresults were good."],
    }
    with catalog.write() as tx:
        knowledge_bases.create(tx, KnowledgeBase(KnowledgeBaseId("b" * 32), "library"))
        base = knowledge_bases.by_id(tx, KnowledgeBaseId("b" * 32))
        for number, texts in said.items():
            paper = PaperId(f"{number:032x}")
            passages = [
                Passage(PassageId(f"{number:x}{each:031x}"), paper, each, 0, 1, text, "", (1,), ())
                for each, text in enumerate(texts)
            ]
            papers.register(tx, paper, sha(number), 1)
            papers.publish(tx, base, paper, "a.pdf", parsed(Metadata(title="Of results"), 1), passages)
            indexed = (IndexedPassage(each.id, AXIS, each.text) for each in passages)
            index.add([IndexedPaper(paper, AXIS, "Of results", tuple(indexed))])
    looked_up = exact.Texts([base], catalog, lambda _: index)
    scope = exact.holding_phrases(understand.read('"these results"'), Scope(Filters()), looked_up)
    catalog.close()
    assert scope.among == {base.id: frozenset({PaperId(f"{2:032x}")})}


def test_equal_phrases_are_looked_up_once(index: InMemoryIndex, tmp_path: Path) -> None:
    asked: list[KnowledgeBase] = []

    def index_of(base: KnowledgeBase) -> InMemoryIndex:
        asked.append(base)
        return index

    base = KnowledgeBase(KnowledgeBaseId("b" * 32), "library", papers=60, passages=60)
    catalog = empty_catalog(tmp_path)
    once, often = (understand.read(text) for text in ('"reef"', '"reef" "(Reef." "((REEF" "reef"'))
    for understood in (once, often):
        exact.holding_phrases(understood, Scope(Filters()), exact.Texts([base], catalog, index_of))
    catalog.close()
    assert len(asked) == 2
