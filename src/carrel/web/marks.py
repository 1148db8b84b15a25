"""What is marked in a paper: the passages that answer a question, or the places of words to be found."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from carrel.core.errors import CarrelError, ServiceError, UsageError
from carrel.core.ids import PaperId
from carrel.core.paper import Box, ParsedPaper, Passage
from carrel.core.ranking import Query, Signal
from carrel.library.holdings import Found
from carrel.search import understand
from carrel.storage import passages
from carrel.web.reader import Reader

HIT, FOUND = "hit", "found"
MOST_FOUND = 300  # places of words that are shown
_RESULTS = 100
_HITS = 3
_AROUND = 45  # characters before and after words that were found
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[^a-z])|(?<=[。！？；])\s*")
_WORD = re.compile(r"[\u3400-\u9fff]|[^\W_]+")


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a paper. ``pieces`` are what to show of it, each with whether it is what was asked for."""

    number: int  # from 1
    kind: str  # HIT or FOUND
    passage: str  # its id; "" for words that were found
    page: int | None
    section: str
    pieces: tuple[tuple[str, bool], ...]
    start: int
    end: int
    boxes: tuple[Box, ...]

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
    found_marks = tuple(_hit(number, each, question) for number, each in enumerate(ordered, 1))
    return Answers(found_marks, next((each for each in ids if each in by_id), ""), error)


def places(parsed: ParsedPaper, words: str) -> tuple[tuple[Mark, ...], int]:
    """Return where words stand, next to each other, whatever their case; and how often in all."""
    wanted = words.split()
    if not wanted:
        return (), 0
    pattern = re.compile(r"\s+".join(map(re.escape, wanted)), re.IGNORECASE)
    matches = list(pattern.finditer(parsed.text))
    return tuple(
        _found(number, parsed, *match.span()) for number, match in enumerate(matches[:MOST_FOUND], 1)
    ), len(matches)


def _best(reader: Reader, found: Found, question: str) -> list[str]:
    """Return the ids of this paper's passages that answer best, as a search shows them.

    Raises:
        UsageError, ServiceError: as a search does.
    """
    query = Query(understand.normalised(question), (found.knowledge_base.id,), limit=_RESULTS)
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


def _hit(number: int, passage: Passage, question: str) -> Mark:
    return Mark(
        number=number,
        kind=HIT,
        passage=passage.id,
        page=passage.page,
        section=passage.section,
        pieces=((_telling_sentence(passage.text, question), False),),
        start=passage.start,
        end=passage.end,
        boxes=passage.boxes,
    )


def _found(number: int, parsed: ParsedPaper, start: int, end: int) -> Mark:
    boxes = parsed.words.boxes(start, end)
    before = _flat(parsed.text[max(0, start - _AROUND) : start])
    after = _flat(parsed.text[end : end + _AROUND])
    if start > _AROUND:
        before = "…" + before[before.find(" ") + 1 :]
    if end + _AROUND < len(parsed.text):
        after = after[: after.rfind(" ") + 1 or None] + "…"
    return Mark(
        number=number,
        kind=FOUND,
        passage="",
        page=boxes[0].page if boxes else None,
        section="",
        pieces=((before, False), (_flat(parsed.text[start:end]), True), (after, False)),
        start=start,
        end=end,
        boxes=boxes,
    )


def _flat(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def _telling_sentence(text: str, question: str) -> str:
    """Return the sentence that shares most words with the question; the first where none shares any."""
    asked = {word.casefold() for word in _WORD.findall(question)}
    sentences: Sequence[str] = [part for part in _SENTENCE.split(_flat(text)) if part.strip()]
    if not sentences:
        return ""

    def shared(sentence: str) -> int:
        return len(asked & {word.casefold() for word in _WORD.findall(sentence)})

    return max(sentences, key=shared).strip()
