"""A search as it was made: what was asked, of what, with what, and what came of it. Two of them compared."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from carrel.core.ids import KnowledgeBaseId, PaperId
from carrel.core.knowledge_base import ChunkSettings
from carrel.core.ranking import Query

TOLERANCE = 1e-6
"""Scores that differ by no more are the same."""


class Searched(StrEnum):
    """How much of a knowledge base took part in a search."""

    WHOLE = "whole"
    WORDS = "words"  # its model could not be used
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class RecordedBase:
    """A knowledge base as it was searched; ``space`` and ``revision`` are "" where no vector was compared."""

    id: KnowledgeBaseId
    name: str
    generation: int
    papers: int
    passages: int
    model: str
    revision: str
    space: str  # the id of its index's space
    dimensions: int  # 0: all that the model gives
    chunking: ChunkSettings
    parser: str
    searched: Searched = Searched.WHOLE
    weights: Mapping[str, float] = field(default_factory=dict)  # of the fusion, by name


@dataclass(frozen=True, slots=True)
class RecordedReranker:
    """Which reranker was asked, whether the order is its, and how many papers it read in the time it had.

    Records of earlier versions do not say how many.
    """

    model: str
    applied: bool
    candidates: int | None = None


@dataclass(frozen=True, slots=True)
class RecordedDictionary:
    """With which dictionary a question was translated; all of it is "" where it was not."""

    name: str = ""
    date: str = ""
    content: str = ""  # a short hash of all that it says


@dataclass(frozen=True, slots=True)
class RecordedPaper:
    """A paper of the answer with its best passages, by id and score."""

    rank: int
    paper: PaperId  # the beginning of its file's SHA-256
    knowledge_base: KnowledgeBaseId
    title: str
    file_name: str
    score: float
    passages: tuple[tuple[str, float], ...]
    rerank_score: float | None = None


@dataclass(frozen=True, slots=True)
class SearchRecord:
    """A search. ``query.knowledge_bases`` are the ids of those that were searched, in their order.

    ``dictionary`` is None in records of earlier versions, which do not say.
    """

    version: str  # of Carrel
    at: str
    query: Query
    knowledge_bases: tuple[RecordedBase, ...]
    reranker: RecordedReranker | None
    papers: tuple[RecordedPaper, ...]
    dictionary: RecordedDictionary | None = None


class What(StrEnum):
    """In what a paper of two answers differs."""

    MOVED = "moved"  # before, now: ranks
    GONE = "gone"
    NEW = "new"
    SCORE = "score"  # before, now: scores
    PASSAGES = "passages"  # other ones, in another order, or with other scores


@dataclass(frozen=True, slots=True)
class Difference:
    """In what the answers differ for one paper."""

    what: What
    paper: PaperId
    title: str
    before: int | float | None
    now: int | float | None


@dataclass(frozen=True, slots=True)
class Cause:
    """What is not as it was, so that answers may differ; of a knowledge base, or ("") of the whole search."""

    what: str  # the name of a field of ``RecordedBase`` or of the record, "read", "instruction"
    knowledge_base: str  # its name
    before: str
    now: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """In what a search that was made again differs, and what is not as it was."""

    differences: tuple[Difference, ...]
    causes: tuple[Cause, ...]


def compared(before: SearchRecord, now: SearchRecord) -> Comparison:
    """Compare a search with the same one made again."""
    return Comparison(tuple(_differences(before, now)), tuple(_causes(before, now)))


def _differences(before: SearchRecord, now: SearchRecord) -> Iterator[Difference]:
    then = {paper.paper: paper for paper in before.papers}
    present = {paper.paper: paper for paper in now.papers}
    for paper in before.papers:
        found = present.get(paper.paper)
        if found is None:
            yield Difference(What.GONE, paper.paper, paper.title, paper.rank, None)
            continue
        if found.rank != paper.rank:
            yield Difference(What.MOVED, paper.paper, paper.title, paper.rank, found.rank)
        if not _alike(found.score, paper.score):
            yield Difference(What.SCORE, paper.paper, paper.title, paper.score, found.score)
        elif not _alike_or_none(found.rerank_score, paper.rerank_score):
            yield Difference(What.SCORE, paper.paper, paper.title, paper.rerank_score, found.rerank_score)
        if not _same_passages(paper, found):
            yield Difference(What.PASSAGES, paper.paper, paper.title, None, None)
    for paper in now.papers:
        if paper.paper not in then:
            yield Difference(What.NEW, paper.paper, paper.title, None, paper.rank)


def _same_passages(before: RecordedPaper, now: RecordedPaper) -> bool:
    return len(before.passages) == len(now.passages) and all(
        known == found and _alike(score, other)
        for (known, score), (found, other) in zip(before.passages, now.passages, strict=True)
    )


def _alike(one: float, other: float) -> bool:
    return abs(one - other) <= TOLERANCE


def _alike_or_none(one: float | None, other: float | None) -> bool:
    return one is other if one is None or other is None else _alike(one, other)


def _causes(before: SearchRecord, now: SearchRecord) -> Iterator[Cause]:
    if before.version != now.version:
        yield Cause("version", "", before.version, now.version)
    used, uses = before.reranker, now.reranker
    if _reranker(used) != _reranker(uses):
        yield Cause("reranker", "", _reranker(used), _reranker(uses))
    elif used and uses and used.candidates and uses.candidates and used.candidates != uses.candidates:
        yield Cause("read", "", str(used.candidates), str(uses.candidates))
    if before.dictionary and now.dictionary and before.dictionary != now.dictionary:
        yield Cause("dictionary", "", _dictionary(before.dictionary), _dictionary(now.dictionary))
    if before.query.instruction != now.query.instruction:
        yield Cause("instruction", "", before.query.instruction, now.query.instruction)
    present = {base.id: base for base in now.knowledge_bases}
    for base in before.knowledge_bases:
        if (found := present.get(base.id)) is None:
            continue
        for name, then, since in zip(_NAMES, _compared_fields(base), _compared_fields(found), strict=True):
            if then != since:
                yield Cause(name, found.name, then, since)


_NAMES = (
    "generation",
    "model",
    "revision",
    "space",
    "dimensions",
    "chunking",
    "parser",
    "papers",
    "passages",
    "searched",
    "weights",
)


def _compared_fields(base: RecordedBase) -> tuple[str, ...]:
    """Return what may be the cause of another answer, in the order of ``_NAMES``."""
    chunking = base.chunking
    return (
        str(base.generation),
        base.model,
        base.revision,
        base.space,
        str(base.dimensions),
        f"{chunking.size}/{chunking.overlap}{' +references' if chunking.references else ''}",
        base.parser,
        str(base.papers),
        str(base.passages),
        base.searched,
        ", ".join(f"{name} {weight:.6g}" for name, weight in sorted(base.weights.items())),
    )


def _reranker(used: RecordedReranker | None) -> str:
    return "" if used is None or not used.applied else used.model


def _dictionary(used: RecordedDictionary) -> str:
    return " ".join(filter(None, (used.name, used.date, used.content)))
