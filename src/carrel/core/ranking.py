"""A question and its answer: query, filters, candidates, hits and stage timings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from carrel.core.corrections import Correction
from carrel.core.error_base import CarrelError
from carrel.core.exchange import Exchange
from carrel.core.ids import KnowledgeBaseId, PaperId
from carrel.core.metadata import ARXIV_DOI, Metadata
from carrel.core.paper import Passage
from carrel.core.quality import ParseQuality
from carrel.core.translation import Translation
from carrel.core.understanding import Understood


class Mode(StrEnum):
    """Which signals answer a query."""

    HYBRID = "hybrid"
    DENSE = "dense"
    LEXICAL = "lexical"


class Preference(StrEnum):
    """What an order is to favour besides answers, where somebody asks for it."""

    RECENT = "recent"
    CITED = "cited"


class Signal(StrEnum):
    """The four ranked lists that retrieval yields."""

    DENSE_PASSAGES = "dense_passages"
    DENSE_PAPERS = "dense_papers"
    LEXICAL_PASSAGES = "lexical_passages"
    LEXICAL_PAPERS = "lexical_papers"

    @property
    def dense(self) -> bool:
        """Whether the score is a cosine (otherwise BM25)."""
        return self in (Signal.DENSE_PASSAGES, Signal.DENSE_PAPERS)

    @property
    def of_passages(self) -> bool:
        """Whether the list ranks passages (otherwise whole papers)."""
        return self in (Signal.DENSE_PASSAGES, Signal.LEXICAL_PASSAGES)


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions that a paper must meet, all of them. Years are inclusive; of names any suffices.

    The index knows years and authors; venues, languages and tags the catalog (``search/selection.py``). What
    the text of a query says of a paper comes on top (``core/understanding.py``).
    """

    year_from: int | None = None
    year_to: int | None = None
    authors: tuple[str, ...] = ()
    venues: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()  # ISO 639-1, in small letters
    tags: tuple[str, ...] = ()


MOST_RESULTS = 1000
"""Papers that one search may ask for, however it is asked."""


@dataclass(frozen=True, slots=True)
class Query:
    """A question as the user put it. No knowledge base means every one the user may read.

    ``text`` is in the query language (``search/query_language.py``), unless it is ``literal``. It may be
    empty where papers that are liked say what is wanted. Those and the disliked ones do not come back.
    """

    text: str
    knowledge_bases: tuple[str, ...] = ()
    mode: Mode = Mode.HYBRID
    limit: int = 10
    filters: Filters = field(default_factory=Filters)
    instruction: str = ""  # what the question is asked for (core/tasks.py), where the model reads that
    rerank: bool = False
    liked: tuple[PaperId, ...] = ()
    disliked: tuple[PaperId, ...] = ()
    literal: bool = False  # no operators are read in the text
    translate: bool = True  # where a model does not read the question's language
    prefer: tuple[Preference, ...] = ()
    diverse: bool = False  # papers unlike one another


@dataclass(frozen=True, slots=True)
class Candidate:
    """A point that one signal found. ``point_id`` is a passage's id, or a paper's in paper lists."""

    point_id: str
    paper_id: PaperId
    score: float


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one signal gave a paper: the shares of all add up to the fused score.

    ``rank`` (from 1) and ``score`` (cosine or BM25) are of the paper, or of the passage it is ranked
    by; None where the signal did not return it, and ``share`` is then what an absent one counts.
    """

    signal: Signal
    rank: int | None
    score: float | None
    share: float


@dataclass(frozen=True, slots=True)
class Favour:
    """What a preference adds to a paper's score, and for what.

    ``value`` is the paper's year (None where it is not known), or how many of the searched papers cite it.
    """

    preference: Preference
    value: int | None
    share: float


@dataclass(frozen=True, slots=True)
class FusedPaper:
    """A paper in the fused ranking: its score, its passages best first, and why.

    ``score`` is the sum of the contributions' shares and of ``quotation``, which is above 0 where the
    query quotes the paper. Once a reranker has looked at it, ``score`` is that of the place it was put in,
    and ``rerank_score`` the reranker's own. ``favours`` come on top of that. ``place_before`` (from 1) is
    where it stood before papers unlike one another were put forward.
    """

    paper_id: PaperId
    score: float
    passages: tuple[tuple[str, float], ...]  # (passage id, fused passage score)
    contributions: tuple[Contribution, ...]
    quotation: float = 0.0
    rerank_score: float | None = None
    favours: tuple[Favour, ...] = ()
    place_before: int | None = None


@dataclass(frozen=True, slots=True)
class PaperRecord:
    """A paper as the catalog knows it, in one knowledge base."""

    id: PaperId
    knowledge_base_id: KnowledgeBaseId
    metadata: Metadata
    file_name: str
    pages: int  # 0 in a file without pages
    quality: ParseQuality | None = None  # None where an earlier version read it
    corrections: tuple[Correction, ...] = ()  # that are in the metadata
    as_read: Metadata | None = None  # without them, where there are any
    tags: tuple[str, ...] = ()  # labels that people gave it in the knowledge base


def published_first(records: Iterable[PaperRecord]) -> tuple[PaperRecord, ...]:
    """Return the versions of a paper, the one to cite first.

    Those with a venue or a DOI come before those known by their arXiv id or by nothing, then newer before
    older. An arXiv DOI is no publication.
    """

    def order(record: PaperRecord) -> tuple[bool, int, str]:
        metadata = record.metadata
        doi = metadata.doi.casefold()
        published = bool(metadata.venue and "arxiv" not in metadata.venue.casefold())
        published = published or bool(doi and not doi.startswith(ARXIV_DOI))
        return (not published, -(metadata.year or 0), record.id)

    return tuple(sorted(records, key=order))


@dataclass(frozen=True, slots=True)
class PassageHit:
    """A passage that answers, with its fused score."""

    passage: Passage
    score: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A paper that answers: rank from 1, score, its best passages, and why it ranks there.

    ``score`` falls with the rank: it is the fused score, or with a reranker the fused score of its place.
    ``rerank_score`` is on the reranker's own scale, None where it did not look at the paper.
    ``versions`` are the other versions of the paper, the published one first.
    ``favours`` and ``place_before`` say what the query's wishes did (``FusedPaper``).
    """

    rank: int
    score: float
    paper: PaperRecord
    passages: tuple[PassageHit, ...]
    contributions: tuple[Contribution, ...] = ()
    quotation: float = 0.0
    versions: tuple[PaperRecord, ...] = ()
    rerank_score: float | None = None
    favours: tuple[Favour, ...] = ()
    place_before: int | None = None


@dataclass(frozen=True, slots=True)
class StageTimings:
    """Wall-clock milliseconds of each stage of a query."""

    embed: float = 0.0
    retrieve: float = 0.0
    fuse: float = 0.0
    rerank: float = 0.0
    total: float = 0.0


@dataclass(frozen=True, slots=True)
class Reranking:
    """Whether a reranker ordered the results; ``reason`` says why not, in the reader's language.

    Where it did and there is a reason, it failed after so many papers, and they are in its order.
    """

    model: str
    applied: bool
    candidates: int = 0  # papers it looked at
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A knowledge base that was not searched as it was asked for: its model or its index could not be used.

    ``by_words``: it was searched by words alone; otherwise not at all. ``reason`` and ``hint``, what can be
    done, are in the reader's language; ``error`` is None where a server told of it.
    """

    knowledge_base_id: KnowledgeBaseId
    name: str
    by_words: bool
    reason: str
    hint: str = ""
    error: CarrelError | None = None


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The answer to a query. ``candidates`` are what each signal found, for ``--explain``.

    ``reranking`` is None where none was asked for; ``exchanges`` are what went to models' servers.
    ``understood`` says how the query was read, and ``liked`` and ``disliked`` which papers it was asked with.
    ``listed`` are all papers that meet a query of nothing but conditions.
    ``weights`` are those of the fusion, by knowledge base and name.
    """

    query: str
    mode: Mode
    took_ms: StageTimings
    hits: tuple[Hit, ...]
    candidates: tuple[tuple[Signal, tuple[Candidate, ...]], ...] = ()
    reranking: Reranking | None = None
    exchanges: tuple[Exchange, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    understood: Understood | None = None
    liked: tuple[PaperRecord, ...] = ()
    disliked: tuple[PaperRecord, ...] = ()
    listed: tuple[PaperId, ...] = ()
    translation: Translation | None = None  # None where the question needed none, or was not to have one
    weights: Mapping[KnowledgeBaseId, Mapping[str, float]] = field(default_factory=dict)
