"""What every Index and Indexes does, the fake as well as the real ones."""

import hashlib
import math
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from carrel.core.errors import IndexBusy, SpaceMismatch
from carrel.core.ids import KnowledgeBaseId, PaperId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import Index, IndexedPaper, IndexedPassage, Indexes, IndexQuery
from carrel.core.ranking import Candidate, Filters, Signal
from carrel.core.space import Encoder, Space, Vectors
from carrel.indexing import analysis
from carrel.indexing.chroma_client import Server
from carrel.indexing.chroma_indexes import ChromaIndexes
from carrel.indexing.shards import QdrantIndexes
from tests.fakes.index import InMemoryDisk, InMemoryIndexes

DIMENSIONS = 8
SPACE = Space(Encoder("a-model", "1", "{text}", "mean", DIMENSIONS), DIMENSIONS)
OTHER_SPACE = Space(Encoder("a-model", "2", "{text}", "mean", DIMENSIONS), DIMENSIONS)
BASE = KnowledgeBase(KnowledgeBaseId("b" * 32), "library")
ANY = Filters()

Factory = Callable[[], Indexes]


KINDS = ["fake", "qdrant", "chroma", "chroma server"]


def engine(request: pytest.FixtureRequest, kind: str, folder: Path) -> Indexes:
    """Return the indexes of one kind in a folder; skip where the engine is not installed."""
    if kind == "qdrant":
        return QdrantIndexes(folder)
    pytest.importorskip("chromadb", reason="needs the extra carrel[chroma]")
    url = request.getfixturevalue("chroma_server") if kind == "chroma server" else ""
    return ChromaIndexes(folder, Server(url) if url else None)


@pytest.fixture(params=KINDS)
def another(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Factory]:
    """Make Indexes over one and the same storage, each like another process."""
    disk = InMemoryDisk()
    made: list[Indexes] = []

    def make() -> Indexes:
        fake = request.param == "fake"
        made.append(InMemoryIndexes(disk) if fake else engine(request, request.param, tmp_path / "index"))
        return made[-1]

    yield make
    for indexes in made:
        indexes.release()


@pytest.fixture
def indexes(another: Factory) -> Indexes:
    owner = another()
    owner.acquire("a test", 0)
    return owner


@pytest.fixture(scope="module", params=KINDS)
def used_index(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """One index for all tests of its kind: an empty shard takes half a second on a slow disk."""
    folder = tmp_path_factory.mktemp("used")
    fake = request.param == "fake"
    owner: Indexes = InMemoryIndexes() if fake else engine(request, request.param, folder)
    owner.acquire("tests", 0)
    yield owner.open(BASE, SPACE)
    owner.release()


@pytest.fixture
def index(used_index: Index) -> Index:
    """An index that others have used and emptied, which must make no difference."""
    used_index.remove(sorted(used_index.paper_ids()))
    return used_index


def identity(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def vector(*parts: object) -> Vectors:
    """A random direction that belongs to ``parts``."""
    seed = int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:8])
    row = np.random.default_rng(seed).normal(size=DIMENSIONS)
    return (row / np.linalg.norm(row)).astype(np.float32)


def paper(
    name: str,
    passages: Sequence[str] = (),
    year: int | None = None,
    authors: tuple[str, ...] = (),
    text: str | None = None,
) -> IndexedPaper:
    of = PaperId(identity(name))
    inside = tuple(
        IndexedPassage(identity(name, words), vector(name, words), words) for words in passages or [name]
    )
    return IndexedPaper(of, vector(name), name if text is None else text, inside, year, authors)


def ask(
    words: str | None = None,
    row: Vectors | None = None,
    filters: Filters = ANY,
    limit: int = 10,
    among: frozenset[PaperId] | None = None,
) -> IndexQuery:
    return IndexQuery(row, words, filters, limit, among)


def names(candidates: Sequence[Candidate]) -> list[str]:
    return [candidate.point_id for candidate in candidates]


LIBRARY = [
    paper(
        "Sparse attention for long documents", ["Windows of attention", "A few global tokens attend to all"]
    ),
    paper("Attention is all you need", ["We dispense with recurrence", "Attention, attention and attention"]),
    paper("Coral bleaching", ["Marine heatwaves", "The reef and its tokens of long decline"]),
    paper("Long short-term memory", ["Recurrence with gates", "The constant error carousel of long memory"]),
]


class TestSearch:
    def test_an_empty_index_answers_each_signal_with_nothing(self, index: Index) -> None:
        assert index.search(ask("anything", vector("q"))) == dict.fromkeys(Signal, ())
        assert index.counts() == (0, 0)
        assert index.paper_ids() == frozenset()

    def test_only_the_signals_that_the_query_has_are_answered(self, index: Index) -> None:
        index.add(LIBRARY)
        assert set(index.search(ask("attention"))) == {Signal.LEXICAL_PASSAGES, Signal.LEXICAL_PAPERS}
        assert set(index.search(ask(row=vector("q")))) == {Signal.DENSE_PASSAGES, Signal.DENSE_PAPERS}
        assert index.search(ask()) == {}

    def test_dense_order_is_that_of_the_cosines(self, index: Index) -> None:
        papers = [paper(f"paper {n}", [f"{n}.{m}" for m in range(5)]) for n in range(40)]
        index.add(papers)
        query = vector("q")
        found = index.search(ask(row=query, limit=25))

        def best(rows: dict[str, Vectors]) -> list[str]:
            return sorted(rows, key=lambda key: -float(rows[key] @ query))[:25]

        assert names(found[Signal.DENSE_PAPERS]) == best({p.id: p.vector for p in papers})
        inside = {p.id: (p, whole) for whole in papers for p in whole.passages}
        passages = found[Signal.DENSE_PASSAGES]
        assert names(passages) == best({key: p.vector for key, (p, _) in inside.items()})
        for candidate in passages:
            passage, whole = inside[candidate.point_id]
            assert candidate.paper_id == whole.id
            assert candidate.score == pytest.approx(float(passage.vector @ query), abs=1e-5)

    def test_lexical_scores_are_bm25(self, index: Index) -> None:
        index.add(LIBRARY)
        _assert_bm25(index.search(ask("long attention of tokens, long recurrence")), LIBRARY)

    def test_document_frequencies_forget_what_was_removed_or_replaced(self, index: Index) -> None:
        index.add([*LIBRARY, paper("Attention wanes", ["attention " * 3, "long recurrence", "tokens"])])
        index.add([paper("Attention wanes", ["Nothing of that kind"], text="Other words")])
        index.add([paper("Long gone", ["long attention"])])
        index.remove([PaperId(identity("Long gone"))])
        left = [*LIBRARY, paper("Attention wanes", ["Nothing of that kind"], text="Other words")]
        _assert_bm25(index.search(ask("long attention of tokens, long recurrence")), left)

    def test_chinese_words_find_chinese_text(self, index: Index) -> None:
        reef = paper("珊瑚白化", ["海洋热浪使珊瑚礁白化"])
        survey = paper(
            "长序列建模综述", ["基于Transformer的长序列建模方法", "注意力的复杂度与长度的平方成正比"]
        )
        index.add([reef, survey])
        found = index.search(ask("基于transformer的长序列建模方法有哪些?"))
        assert names(found[Signal.LEXICAL_PAPERS]) == [survey.id]
        assert names(found[Signal.LEXICAL_PASSAGES]) == [survey.passages[0].id]

    def test_further_texts_count_by_their_weights(self, index: Index) -> None:
        index.add(LIBRARY)
        asked = replace(ask("珊瑚"), also=(("coral", 1.0), ("memory", 0.25), ("the of", 1.0)))
        found = index.search(asked)[Signal.LEXICAL_PAPERS]
        one = index.search(ask("coral"))[Signal.LEXICAL_PAPERS]
        other = index.search(ask("memory"))[Signal.LEXICAL_PAPERS]
        assert [each.paper_id for each in found] == [one[0].paper_id, other[0].paper_id]
        assert found[0].score == pytest.approx(one[0].score, rel=1e-5)
        assert found[1].score == pytest.approx(other[0].score / 4, rel=1e-5)

    def test_a_text_without_terms_finds_nothing_by_words(self, index: Index) -> None:
        index.add(LIBRARY)
        found = index.search(ask("the of … ??", vector("q")))
        assert found[Signal.LEXICAL_PASSAGES] == found[Signal.LEXICAL_PAPERS] == ()
        assert len(found[Signal.DENSE_PAPERS]) == len(LIBRARY)

    def test_a_text_without_words_can_be_added(self, index: Index) -> None:
        index.add([paper("", [""])])
        assert index.counts() == (1, 1)

    @pytest.mark.parametrize("limit", [1, 3, 7, 8])
    def test_ties_are_broken_by_id_also_at_the_limit(self, index: Index, limit: int) -> None:
        row = vector("the same")
        for n in range(30):
            same = IndexedPassage(identity("p", n), row, "the same words")
            index.add([IndexedPaper(PaperId(identity(n)), row, "the same words", (same,))])
        found = index.search(ask("same words", row, limit=limit))
        for signal in Signal:
            of = ("p", signal.of_passages)
            every = sorted(identity("p", n) if of[1] else identity(n) for n in range(30))
            assert names(found[signal]) == every[:limit]

    def test_no_more_than_the_limit(self, index: Index) -> None:
        index.add(LIBRARY)
        for limit in (0, 1, 2, 1000):
            for candidates in index.search(ask("attention", vector("q"), limit=limit)).values():
                assert len(candidates) <= limit
        assert len(index.search(ask(row=vector("q"), limit=1000))[Signal.DENSE_PASSAGES]) == 8

    def test_a_pasted_book_is_a_query_too(self, index: Index) -> None:
        index.add(LIBRARY)
        found = index.search(ask("attention " * 20 + " ".join(f"word{n}" for n in range(20_000))))
        assert names(found[Signal.LEXICAL_PAPERS])


class TestFilters:
    @pytest.fixture
    def index(self, index: Index) -> Index:
        index.add(
            [
                paper("old", year=1999, authors=("Jörg Müller", "Anna Smith")),
                paper("mid", year=2010, authors=("张伟", "Søren Kierkegaard")),
                paper("new", year=2021, authors=("Anna Müller-Weiß", "Conan O’Brien")),
                paper("dateless", authors=("José García",)),
                paper("anonymous", year=2010),
            ]
        )
        return index

    @pytest.mark.parametrize(
        ("first", "last", "expected"),
        [
            (1999, 2010, {"old", "mid", "anonymous"}),
            (2010, 2010, {"mid", "anonymous"}),
            (2011, None, {"new"}),
            (None, 1999, {"old"}),
            (2030, 1900, set()),
            (None, None, {"old", "mid", "new", "dateless", "anonymous"}),
        ],
    )
    def test_years_are_inclusive(
        self, index: Index, first: int | None, last: int | None, expected: set[str]
    ) -> None:
        assert self._found(index, Filters(first, last)) == expected

    @pytest.mark.parametrize(
        ("author", "expected"),
        [
            ("muller", {"old", "new"}),
            ("MÜLLER", {"old", "new"}),
            ("Jörg Müller", {"old"}),
            ("Müller, Jörg", {"old"}),
            ("J. Müller", {"old"}),
            ("Jörg Smith", set()),  # both names occur, of two authors
            ("Weiss", {"new"}),
            ("O'Brien", {"new"}),
            ("soren", {"mid"}),
            ("张伟", {"mid"}),
            ("Garcia José", {"dateless"}),
            ("Mull", set()),
            ("  ", {"old", "mid", "new", "dateless", "anonymous"}),
            ("?!", set()),
        ],
    )
    def test_an_author_is_found_by_the_words_of_one_name(
        self, index: Index, author: str, expected: set[str]
    ) -> None:
        assert self._found(index, Filters(authors=(author,))) == expected

    def test_conditions_add_up(self, index: Index) -> None:
        assert self._found(index, Filters(2000, 2030, ("anna",))) == {"new"}

    @pytest.mark.parametrize(
        ("authors", "expected"),
        [
            (("Jörg Müller", "García"), {"old", "dateless"}),
            (("Anna", "nobody"), {"old", "new"}),
            (("?!", "soren"), {"mid"}),
            (("?!", "nobody"), set()),
            (("Jörg", "Kierkegaard", " "), {"old", "mid"}),
        ],
    )
    def test_of_several_authors_any_one_suffices(
        self, index: Index, authors: tuple[str, ...], expected: set[str]
    ) -> None:
        assert self._found(index, Filters(authors=authors)) == expected

    @pytest.mark.parametrize(
        ("among", "filters", "expected"),
        [
            (("old", "new", "anonymous"), ANY, {"old", "new", "anonymous"}),
            (("old", "new", "anonymous"), Filters(2010), {"new", "anonymous"}),
            (("old", "mid", "dateless"), Filters(authors=("anna", "garcia")), {"old", "dateless"}),
            (("old", "mid"), Filters(2000, 2030, ("anna",)), set()),
            (("nowhere", "mid"), ANY, {"mid"}),
            (("nowhere",), ANY, set()),
            ((), ANY, set()),
        ],
    )
    def test_only_papers_among_those_named_are_found(
        self, index: Index, among: tuple[str, ...], filters: Filters, expected: set[str]
    ) -> None:
        chosen = frozenset(PaperId(identity(name)) for name in among)
        assert self._found(index, filters, chosen) == expected
        assert self._found(index, filters) >= expected

    def test_the_best_among_thousands_named_are_the_best(self, index: Index) -> None:
        papers = [paper(f"paper {n}", [f"{n}"]) for n in range(60)]
        index.add(papers)
        chosen = frozenset(
            [PaperId(identity("absent", n)) for n in range(3000)] + [p.id for p in papers[::3]]
        )
        query = vector("q")
        found = index.search(ask("paper", query, limit=7, among=chosen))
        best = sorted(papers[::3], key=lambda p: -float(p.vector @ query))[:7]
        assert names(found[Signal.DENSE_PAPERS]) == [p.id for p in best]
        assert len(found[Signal.LEXICAL_PAPERS]) == 7
        assert {c.paper_id for c in found[Signal.LEXICAL_PAPERS]} <= chosen

    @pytest.mark.parametrize("name", ["\ud800", "\x00", "", "a" * 10_000, "'; DROP", "[].words", "\u202e٣"])
    def test_hostile_names_do_no_harm(self, index: Index, name: str) -> None:
        index.add([paper("hostile", authors=(name, f"{name} Quine"))])
        assert self._found(index, Filters(authors=("quine",))) == {"hostile"}
        self._found(index, Filters(authors=(name,)))

    def test_a_new_version_of_a_paper_has_new_authors_and_year(self, index: Index) -> None:
        index.add([paper("old", year=2024, authors=("Grace Hopper",))])
        assert self._found(index, Filters(authors=("Jörg Müller",))) == set()
        assert self._found(index, Filters(2024, 2024, ("hopper",))) == {"old"}

    def _found(self, index: Index, filters: Filters, among: frozenset[PaperId] | None = None) -> set[str]:
        known = {identity(name): name for name in ("old", "mid", "new", "dateless", "anonymous", "hostile")}
        words = "old mid new dateless anonymous hostile"
        found = index.search(ask(words, vector("q"), filters, among=among))
        sets = [{known[candidate.paper_id] for candidate in found[signal]} for signal in Signal]
        assert all(papers == sets[0] for papers in sets)
        return sets[0]


class TestAddAndRemove:
    def test_the_same_paper_again_doubles_nothing(self, index: Index) -> None:
        query = ask("long attention", vector("q"), limit=50)
        index.add(LIBRARY)
        before = index.search(query)
        index.add(LIBRARY)
        index.add([LIBRARY[0], LIBRARY[0]])
        assert index.counts() == (4, 8)
        _assert_same(index.search(query), before)

    def test_another_chunking_leaves_no_passage_of_the_old_one(self, index: Index) -> None:
        index.add([paper("A", [f"old {n}" for n in range(30)]), paper("B", ["other"])])
        again = paper("A", ["new one", "old 3"])
        index.add([again])
        assert index.counts() == (2, 3)
        found = index.search(ask(row=vector("q"), limit=50))[Signal.DENSE_PASSAGES]
        assert {c.point_id for c in found if c.paper_id == again.id} == {p.id for p in again.passages}

    def test_a_paper_may_have_no_passages(self, index: Index) -> None:
        index.add([IndexedPaper(PaperId(identity("bare")), vector("bare"), "bare", ())])
        assert index.counts() == (1, 0)
        assert index.paper_ids() == {identity("bare")}

    def test_removed_papers_are_gone_with_their_passages(self, index: Index) -> None:
        index.add(LIBRARY)
        index.remove([LIBRARY[1].id, PaperId("f" * 32), PaperId("no id"), LIBRARY[2].id])
        index.remove([])
        assert index.counts() == (2, 4)
        assert index.paper_ids() == {LIBRARY[0].id, LIBRARY[3].id}
        found = index.search(ask("attention recurrence reef", vector("q"), limit=50))
        left = {c.paper_id for candidates in found.values() for c in candidates}
        assert left == {LIBRARY[0].id, LIBRARY[3].id}

    @pytest.mark.parametrize("row", [np.ones(3, np.float32), np.full(DIMENSIONS, np.nan, np.float32)])
    def test_a_vector_that_is_none_is_refused_and_changes_nothing(self, index: Index, row: Vectors) -> None:
        bad = IndexedPaper(PaperId(identity("x")), vector("x"), "x", (IndexedPassage("a" * 32, row, "x"),))
        with pytest.raises(ValueError, match="vector"):
            index.add([bad])
        with pytest.raises(ValueError, match="vector"):
            index.search(ask(row=row))
        assert index.counts() == (0, 0)

    def test_several_threads_may_add_and_search(self, index: Index) -> None:

        def work(worker: int) -> None:
            for n in range(10):
                index.add([paper(f"{worker} {n % 5}", ["shared words", f"text {n}"])])
                index.search(ask("shared words", vector("q")))

        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert index.counts() == (20, 40)


class TestIndexes:
    def test_what_was_added_is_there_after_reopening(self, indexes: Indexes, another: Factory) -> None:
        query = ask("long attention", vector("q"))
        index = indexes.open(BASE, SPACE)
        index.add(LIBRARY)
        before = index.search(query)
        indexes.release()
        later = another()
        later.acquire("later", 0)
        assert later.open(BASE, SPACE).counts() == (4, 8)
        _assert_same(later.open(BASE, SPACE).search(query), before)

    def test_another_space_is_refused(self, indexes: Indexes, another: Factory) -> None:
        indexes.open(BASE, SPACE)
        with pytest.raises(SpaceMismatch):
            indexes.open(BASE, OTHER_SPACE)
        indexes.release()
        later = another()
        later.acquire("later", 0)
        with pytest.raises(SpaceMismatch):
            later.open(BASE, OTHER_SPACE)
        later.open(BASE, SPACE)

    def test_opening_twice_gives_the_same_papers(self, indexes: Indexes) -> None:
        indexes.open(BASE, SPACE).add(LIBRARY)
        assert indexes.open(BASE, SPACE).counts() == (4, 8)

    def test_knowledge_bases_and_generations_are_apart(self, indexes: Indexes) -> None:
        second = KnowledgeBase(BASE.id, "library", generation=2)
        elsewhere = KnowledgeBase(KnowledgeBaseId("c" * 32), "library")
        indexes.open(BASE, SPACE).add(LIBRARY)
        assert indexes.open(second, OTHER_SPACE).counts() == (0, 0)
        assert indexes.open(elsewhere, SPACE).counts() == (0, 0)
        assert indexes.stored() == ((BASE.id, 1), (BASE.id, 2), (elsewhere.id, 1))
        indexes.drop(BASE.id, 1)
        indexes.drop(BASE.id, 7)
        assert indexes.stored() == ((BASE.id, 2), (elsewhere.id, 1))
        assert indexes.open(BASE, OTHER_SPACE).counts() == (0, 0)

    def test_only_one_owns_them(self, indexes: Indexes, another: Factory) -> None:
        rival = another()
        with pytest.raises(IndexBusy, match="a test"):
            rival.acquire("rival", 0.1)
        with pytest.raises(RuntimeError):
            rival.open(BASE, SPACE)
        with pytest.raises(RuntimeError):
            rival.drop(BASE.id, 1)
        rival.release()  # not the owner: no effect
        indexes.acquire("again", 0)
        indexes.open(BASE, SPACE)
        indexes.release()
        rival.acquire("rival", 0)
        with pytest.raises(RuntimeError):
            indexes.open(BASE, SPACE)

    def test_nothing_is_stored_at_first(self, another: Factory) -> None:
        assert another().stored() == ()


def _assert_same(
    found: dict[Signal, tuple[Candidate, ...]], expected: dict[Signal, tuple[Candidate, ...]]
) -> None:
    assert found.keys() == expected.keys()
    for signal, candidates in found.items():
        assert names(candidates) == names(expected[signal])
        scores = [candidate.score for candidate in expected[signal]]
        assert [candidate.score for candidate in candidates] == pytest.approx(scores, rel=1e-5)


def _assert_bm25(found: dict[Signal, tuple[Candidate, ...]], papers: Sequence[IndexedPaper]) -> None:
    """Compare with BM25 as in the textbook, over the analyser's terms."""
    query = "long attention of tokens, long recurrence"
    texts: dict[Signal, tuple[dict[str, str], analysis.Field]] = {
        Signal.LEXICAL_PAPERS: ({p.id: p.text for p in papers}, analysis.PAPERS),
        Signal.LEXICAL_PASSAGES: ({q.id: q.text for p in papers for q in p.passages}, analysis.PASSAGES),
    }
    for signal, (documents, field) in texts.items():
        bags = {key: Counter(_terms(text)) for key, text in documents.items()}
        scores: dict[str, float] = {}
        for term, repeats in Counter(_terms(query)).items():
            containing = sum(term in bag for bag in bags.values())
            idf = math.log(1 + (len(bags) - containing + 0.5) / (containing + 0.5))
            for key, bag in bags.items():
                norm = 1 - field.b + field.b * bag.total() / field.average_terms
                if bag[term]:
                    gain = bag[term] * (field.k1 + 1) / (bag[term] + field.k1 * norm)
                    scores[key] = scores.get(key, 0.0) + repeats * idf * gain
        expected = sorted(scores, key=lambda key: (-round(scores[key], 5), key))
        assert names(found[signal]) == expected
        assert [c.score for c in found[signal]] == pytest.approx([scores[k] for k in expected], rel=1e-4)


def _terms(text: str) -> list[str]:
    return [term for token in analysis.tokens(text) for term in analysis.terms(token)]
