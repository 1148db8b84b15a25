"""What is marked in a paper: the passages that answer a question, or the places of words to be found."""

import re
from dataclasses import dataclass

from carrel.core.errors import CarrelError, ServiceError, UsageError
from carrel.core.ids import PaperId
from carrel.core.paper import Box, ParsedPaper, Passage
from carrel.core.ranking import Query, Signal
from carrel.library.holdings import Found
from carrel.library.page_words import FoldedText, Place, find_words
from carrel.search.marking import Marker
from carrel.storage import passages
from carrel.web.reader import Reader
from carrel.web.results import Piece, pieces

HIT, FOUND = "hit", "found"
MOST_FOUND = 300  # places of words that are shown
_RESULTS = 100
_HITS = 3
_LETTERS = 220  # of a passage that are shown


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a paper. ``pieces`` are what to show of it, marked where they are what was asked for."""

    number: int  # from 1
    kind: str  # HIT or FOUND
    passage: str  # its id; "" for words that were found
    page: int | None
    section: str
    pieces: tuple[Piece, ...]
    start: int
    end: int
    boxes: tuple[Box, ...]

    @property
    def by_meaning(self) -> bool:
        """Whether none of the question's words stands in it."""
        return self.kind == HIT and not any(piece.marked for piece in self.pieces)

    @property
    def key(self) -> str:
        """What it is called within the page, such as ``hit-2``."""
        return f"{self.kind}-{self.number}"


@dataclass(frozen=True, slots=True)
class Answers:
    """The passages of a paper that answer a question, in reading order.

    ``best`` is the id of the one to show first; ``error`` says why there may be more.
    """

    marks: tuple[Mark, ...] = ()
    best: str = ""
    error: CarrelError | None = None


def answers(reader: Reader, found: Found, question: str, passage: str) -> Answers:
    """Return the passages that answer a question, and the one that was asked for by its id."""
    ids, error = [passage] if passage else [], None
    if question.strip():
        try:
            ids += _best(reader, found, question)
        except (UsageError, ServiceError) as problem:
            error = problem
    if not ids:
        return Answers(error=error)
    with reader.access.services.catalog.read() as tx:
        by_id = passages.by_id(tx, [found.knowledge_base], list(dict.fromkeys(ids)))
    mine = [each for each in by_id.values() if each.paper_id == found.paper.record.id]
    ordered = sorted(mine, key=lambda each: each.ordinal)
    marker = reader.access.services.marker(question)
    found_marks = tuple(_hit(number, each, marker) for number, each in enumerate(ordered, 1))
    return Answers(found_marks, next((each for each in ids if each in by_id), ""), error)


def places(parsed: ParsedPaper, words: str, text: FoldedText | None = None) -> tuple[tuple[Mark, ...], bool]:
    """Return where words stand, one after the other; and whether there are more places than that.

    ``text`` is the paper's, folded, where it is at hand.
    """
    found = find_words(parsed, words, MOST_FOUND + 1, text)
    return tuple(_found(number, each) for number, each in enumerate(found[:MOST_FOUND], 1)), len(
        found
    ) > MOST_FOUND


def _best(reader: Reader, found: Found, question: str) -> list[str]:
    """Return the ids of this paper's passages that answer best, as a search shows them.

    Raises:
        UsageError, ServiceError: as a search does.
    """
    query = Query(question, (found.knowledge_base.id,), limit=_RESULTS)
    result = reader.rest.searches.run(query, reader.access.caller)
    paper = found.paper.record.id
    for hit in result.hits:
        if hit.paper.id == paper:
            return [each.passage.id for each in hit.passages]
    ranked: dict[str, int] = {}  # another version stands for the paper in the results, or it is far down
    for signal, candidates in result.candidates:
        if signal in (Signal.DENSE_PASSAGES, Signal.LEXICAL_PASSAGES):
            for rank, candidate in enumerate(candidates):
                if candidate.paper_id == PaperId(paper):
                    ranked[candidate.point_id] = min(rank, ranked.get(candidate.point_id, rank))
    return sorted(ranked, key=lambda point: (ranked[point], point))[:_HITS]


def _hit(number: int, passage: Passage, marker: Marker) -> Mark:
    text = _flat(passage.text)
    return Mark(
        number=number,
        kind=HIT,
        passage=passage.id,
        page=passage.page,
        section=passage.section,
        pieces=pieces(text, marker.excerpt(text, _LETTERS)),
        start=passage.start,
        end=passage.end,
        boxes=passage.boxes,
    )


def _found(number: int, place: Place) -> Mark:
    before, after = _flat(place.before), _flat(place.after)
    said = (
        Piece("…" + before[before.find(" ") + 1 :]),
        Piece(_flat(place.text), marked=True),
        Piece(after[: after.rfind(" ") + 1 or None] + "…"),
    )
    return Mark(number, FOUND, "", place.page, "", said, place.start, place.end, place.boxes)


def _flat(text: str) -> str:
    return re.sub(r"\s+", " ", text)
