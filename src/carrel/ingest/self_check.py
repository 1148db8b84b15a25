"""Whether an index that was built answers as it should: counts, and questions with known answers.

A passage's own words, and its own vector, must find its paper. Whatever is mixed up in an index (vectors of
another model, of another cut, of other texts; terms that are missing) makes these fail nearly all. A new
model is asked questions besides: vectors that its server mixed up are in the cache as it gave them.
"""

from collections.abc import Sequence

from carrel.core.ids import PaperId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.paper import in_context
from carrel.core.ports import Embedder, Index, IndexQuery, VectorCache
from carrel.core.ranking import Candidate, Filters, Signal
from carrel.core.rebuild_errors import SelfCheckFailed
from carrel.core.space import Vectors, cut
from carrel.storage import papers, rebuilds
from carrel.storage.database import Catalog
from carrel.storage.rebuilds import PassageRow

QUESTIONS = 20
_ASKED = 5  # of these, for which a new model embeds the words as a question
_TOP = 10  # candidates among which the passage's paper must be, where there are many papers
_A_HAIR = 1e-3  # cosines that differ by less are the same: a text may stand in several papers
_CANDIDATES = 100
_TOLERATED = 10  # one question of so many may fail: a passage of three words may stand in many papers
_FEWEST = 3  # questions from which one can tell that words are missing, and not a passage without any
_WORDS = 40  # of a passage, to look it up by


def check(
    target: KnowledgeBase, index: Index, embedder: Embedder, cache: VectorCache, catalog: Catalog
) -> None:
    """Check a generation whose papers are all built.

    Raises:
        SelfCheckFailed: it must not serve.
        ServiceError: the model could not be asked; it can be tried again.
    """
    with catalog.read() as tx:
        built = rebuilds.built(tx, target)
        rows = rebuilds.passages_in(tx, target)
        sample = rebuilds.sample(tx, target, QUESTIONS)
        found = papers.records(tx, [target.id], sorted({row.paper for row in sample}))
    expected = (len(built), sum(built.values()))
    if index.counts() != expected or rows != expected[1]:
        raise SelfCheckFailed(name=target.name, detail=f"{index.counts()}, {rows} rows, expected {expected}")
    if not sample:
        return
    titles = {record.id: record.metadata.title for record in found}
    vectors = _vectors(sample, titles, embedder, cache)
    dimensions = target.dimensions or embedder.encoder.width
    missed = {"dense": 0, "lexical": 0}
    silent = 0
    for row, vector in zip(sample, vectors, strict=True):
        asked = IndexQuery(cut(vector, dimensions), _words(row), Filters(), _CANDIDATES)
        answers = index.search(asked)
        missed["dense"] += not _is_nearest(row, answers.get(Signal.DENSE_PASSAGES, ()))
        if lexical := answers.get(Signal.LEXICAL_PASSAGES, ()):
            missed["lexical"] += not _is_among_first(row, lexical, min(_TOP, 1 + len(built) // 4))
        else:
            silent += 1  # as it should be for a passage of signs
    if 2 * silent > len(sample) >= _FEWEST:
        missed["lexical"] += silent
    for signal, count in missed.items():
        if count > len(sample) // _TOLERATED:
            detail = f"{signal}: {count} of {len(sample)} passages are not found by themselves"
            raise SelfCheckFailed(name=target.name, detail=detail)


def check_model(target: KnowledgeBase, index: Index, embedder: Embedder, catalog: Catalog) -> None:
    """Check that a new model answers questions, and finds passages by their words with most of them.

    So it is loaded before the first search needs it. Raises as ``check``.
    """
    with catalog.read() as tx:
        sample = rebuilds.sample(tx, target, _ASKED)
        count = len(rebuilds.built(tx, target))
    dimensions = target.dimensions or embedder.encoder.width
    missed = 0
    for row in sample:
        vector = cut(embedder.embed_query(_words(row)).vector, dimensions)
        found = index.search(IndexQuery(vector, None, Filters(), _CANDIDATES))
        candidates = found.get(Signal.DENSE_PASSAGES, ())
        missed += not candidates or not _is_among_first(row, candidates, min(_TOP, 1 + count // 4))
    if 2 * missed > len(sample):
        detail = f"model: {missed} of {len(sample)} passages are not found by their words"
        raise SelfCheckFailed(name=target.name, detail=detail)


def bring_in_step(target: KnowledgeBase, index: Index, catalog: Catalog) -> bool:
    """Mend what a killed process left: points without a paper go, papers without points are built anew.

    Returns whether the index had all that the catalog says.
    """
    with catalog.read() as tx:
        built = rebuilds.built(tx, target)
    if index.counts() == (len(built), sum(built.values())):
        return True
    indexed = index.paper_ids()
    index.remove([paper for paper in indexed if paper not in built])
    if index.counts() == (len(built), sum(built.values())):
        return True
    # Papers that lost only some of their passages cannot be told apart: all are built anew.
    lost = set(built) - indexed or set(built)
    with catalog.write() as tx:
        for paper in lost:
            rebuilds.forget_built(tx, target, paper)
    return False


def _vectors(
    sample: Sequence[PassageRow], titles: dict[PaperId, str], embedder: Embedder, cache: VectorCache
) -> Sequence[Vectors]:
    cached = cache.get(embedder.encoder, sorted({row.text_key for row in sample if row.text_key}))
    missing = [row for row in sample if row.text_key not in cached]
    texts = [in_context(titles.get(row.paper, ""), row.section, row.text) for row in missing]
    embedded = (
        dict(zip([row.id for row in missing], embedder.embed_documents(texts), strict=True)) if texts else {}
    )
    return [cached[row.text_key] if row.text_key in cached else embedded[row.id] for row in sample]


def _words(row: PassageRow) -> str:
    return " ".join(f"{row.section} {row.text}".split()[:_WORDS])


def _is_nearest(row: PassageRow, candidates: Sequence[Candidate]) -> bool:
    """Whether nothing is nearer to a passage's vector than its paper, or too many equals are."""
    near = [each for each in candidates if each.score >= candidates[0].score - _A_HAIR]
    return any(each.paper_id == row.paper for each in near) or len(near) == _CANDIDATES


def _is_among_first(row: PassageRow, candidates: Sequence[Candidate], top: int) -> bool:
    """Whether the passage's paper is among the first, or no worse than the last of them, or none can tell."""
    last = candidates[min(top, len(candidates)) - 1].score
    if any(each.paper_id == row.paper and each.score >= last for each in candidates):
        return True
    return len(candidates) == _CANDIDATES and candidates[-1].score >= last
