"""Results as a page shows them: who wrote a paper, the words that match, and why it ranks where it does."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from carrel.core.ids import KnowledgeBaseId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.language import tr
from carrel.core.ranking import Hit, PassageHit, Preference, SearchResult, Signal
from carrel.library.citations import citation
from carrel.search.excerpts import Excerpt
from carrel.search.marking import Marker

_AUTHORS = 6
_FIRST, _REST = 420, 220  # letters of a paper's first passage, and of the others


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of a text; marked where it has the reader's words."""

    text: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class ShownPassage:
    """A passage of a result: what it says, where it stands, and the way there."""

    id: str
    pieces: tuple[Piece, ...]
    page: int | None
    section: str
    address: str
    by_meaning: bool  # it has none of the question's words


@dataclass(frozen=True, slots=True)
class Share:
    """What one signal gave to a paper's place."""

    name: str
    rank: int | None
    score: float | None
    width: float  # of its bar, 0 to 100: the share in the best paper's score


@dataclass(frozen=True, slots=True)
class ShownHit:
    """A result as the page has it."""

    rank: int
    title: str
    by: str
    year: int | None
    venue: str
    doi: str
    shelf: KnowledgeBase | None
    address: str
    path: str  # of the paper, without the question
    paper_id: str
    passages: tuple[ShownPassage, ...]
    why: tuple[Share, ...]
    quoted: bool
    wished: tuple[str, ...]  # what the question's wishes did to its place, in a sentence each
    citation: str
    language: str  # of the paper, as it is known; "" where it is not
    versions: tuple[tuple[str, str], ...]  # title or venue and year, address


def authors_in_short(authors: Sequence[str]) -> str:
    """Return who wrote a paper, the first few by name."""
    if len(authors) <= _AUTHORS:
        return ", ".join(authors)
    return tr("{names} and {count} more").format(
        names=", ".join(authors[: _AUTHORS - 1]), count=len(authors) - _AUTHORS + 1
    )


def pieces(text: str, found: Excerpt) -> tuple[Piece, ...]:
    """Return an excerpt of a text in pieces, marked where matches stand."""
    made = [Piece("… ")] if found.more_before else []
    at = found.start
    for start, end in found.marks:
        if start < found.start or end > found.end:
            continue
        made += [Piece(text[at:start]), Piece(text[start:end], marked=True)]
        at = end
    made.append(Piece(text[at : found.end] + (" …" if found.more_after else "")))
    return tuple(piece for piece in made if piece.text)


def paper_address(base: str, paper: str, passage: str = "", q: str = "", page: int | None = None) -> str:
    """Return where a paper is read, at a passage and with a question's hits boxed where there are any."""
    fields = [("q", q), ("passage", passage)]
    query = urlencode([(name, value) for name, value in fields if value])
    place = f"#page-{page}" if page else ""
    return f"/shelves/{quote(base)}/papers/{quote(paper)}{'?' + query if query else ''}{place}"


def shown(
    result: SearchResult,
    shelves: Mapping[KnowledgeBaseId, KnowledgeBase],
    marker: Marker,
    q: str,
) -> list[ShownHit]:
    """Return the results as the page has them.

    Args:
        result: what was found.
        shelves: the knowledge bases that the reader may see.
        marker: marks the question's words.
        q: the question as it was typed, for the addresses.
    """
    most = max((hit.score for hit in result.hits), default=0.0)
    return [_hit(hit, shelves.get(hit.paper.knowledge_base_id), marker, q, most) for hit in result.hits]


def _hit(hit: Hit, shelf: KnowledgeBase | None, marker: Marker, q: str, most: float) -> ShownHit:
    record, metadata = hit.paper, hit.paper.metadata
    base = record.knowledge_base_id
    return ShownHit(
        rank=hit.rank,
        title=metadata.title or record.file_name,
        by=authors_in_short(metadata.authors),
        year=metadata.year,
        venue=metadata.venue,
        doi=metadata.doi,
        shelf=shelf,
        address=paper_address(base, record.id, q=q),
        path=paper_address(base, record.id),
        paper_id=record.id,
        passages=tuple(
            _passage(found, base, record.id, marker, q, _FIRST if not number else _REST)
            for number, found in enumerate(hit.passages)
        ),
        why=tuple(
            Share(_named(part.signal), part.rank, part.score, 100 * part.share / most if most > 0 else 0.0)
            for part in hit.contributions
        ),
        quoted=hit.quotation > 0,
        wished=tuple(_wished(hit)),
        citation=citation(record),
        language=metadata.language,
        versions=tuple(
            (
                " · ".join(part for part in (each.metadata.venue, str(each.metadata.year or "")) if part)
                or each.file_name,
                paper_address(each.knowledge_base_id, each.id, q=q),
            )
            for each in hit.versions
        ),
    )


def _wished(hit: Hit) -> Iterator[str]:
    for favour in hit.favours:
        text = tr("Cited by {value} of the papers searched: {share} more.")
        if favour.preference is Preference.RECENT:
            text = tr("Of {value}: {share} more for being newer.")
        if favour.value is None:
            text = tr("Its year is not known.")
        yield text.format(value=favour.value, share=f"{favour.share:.3f}")
    if hit.place_before is not None:
        yield tr("Before papers unlike one another were put further up: place {rank}.").format(
            rank=hit.place_before
        )


def _passage(found: PassageHit, base: str, paper: str, marker: Marker, q: str, most: int) -> ShownPassage:
    passage = found.passage
    shown_part = pieces(passage.text, marker.excerpt(passage.text, most))
    return ShownPassage(
        id=passage.id,
        pieces=shown_part,
        page=passage.page,
        section=passage.section,
        address=paper_address(base, paper, passage.id, q, passage.page),
        by_meaning=not any(piece.marked for piece in shown_part),
    )


def _named(signal: Signal) -> str:
    return {
        Signal.DENSE_PASSAGES: tr("meaning of a passage"),
        Signal.DENSE_PAPERS: tr("meaning of the whole paper"),
        Signal.LEXICAL_PASSAGES: tr("words of a passage"),
        Signal.LEXICAL_PAPERS: tr("words of the whole paper"),
    }[signal]
