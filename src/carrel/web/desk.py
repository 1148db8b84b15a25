"""A paper opened at a place: which of its pages, what is marked on them, and where next and previous lead."""

from dataclasses import dataclass
from urllib.parse import urlencode

from carrel.core.paper import ParsedPaper
from carrel.library.holdings import Found
from carrel.web.flow import flow
from carrel.web.marks import FOUND, Answers, Mark
from carrel.web.sheets import lines, marked, outlines, sheets, steps


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a paper somebody is, and what they came for: what its addresses say."""

    path: str
    q: str = ""
    find: str = ""
    page: int | None = None
    passage: str = ""
    at: int = 0

    def to(self, page: int | None = None, mark: Mark | None = None, find: bool = True) -> str:
        """Return the address of another place in the paper; ``find``: still with the words sought."""
        asked: dict[str, str] = {"q": self.q} if self.q else {}
        if find and self.find:
            asked["find"] = self.find
        if page is not None:
            asked["page"] = str(page)
        if mark is not None and mark.kind == FOUND:
            asked["at"] = str(mark.number)
        elif mark is not None:
            asked["passage"] = mark.passage
        elif self.passage and page is None:
            asked["passage"] = self.passage
        there = f"#{mark.key}" if mark is not None else ""
        return self.path + (f"?{urlencode(asked)}" if asked else "") + there


@dataclass(frozen=True, slots=True)
class Desk:
    """A paper opened at a place, with what is marked in it."""

    found: Found
    parsed: ParsedPaper | None
    place: Place
    answers: Answers
    places: tuple[Mark, ...]
    more: bool  # places than are shown

    @property
    def stops(self) -> tuple[Mark, ...]:
        """What is gone through with next and previous."""
        return self.places if self.place.find else self.answers.marks

    @property
    def current(self) -> Mark | None:
        """The mark to stand in front of."""
        if self.place.find:
            return self.places[min(max(self.place.at, 1), len(self.places)) - 1] if self.places else None
        return next((each for each in self.answers.marks if each.passage == self.answers.best), None)

    def shown(self) -> dict[str, object]:
        """Return what the page shows of it."""
        current, stops = self.current, self.stops
        at = current.number - 1 if current else 0
        shown: dict[str, object] = {
            "answers": self.answers,
            "places": self.places,
            "more": self.more,
            "stops": stops,
            "current": current,
            "before": stops[at - 1] if current else None,
            "after": stops[(at + 1) % len(stops)] if current else None,
            "untold": self._untold(),
            "steps": steps(self.parsed) if self.parsed else (),
        }
        return shown | (self._pages() if self.found.paper.record.pages else self._text())

    def _untold(self) -> str:
        """Return what to ask ``/telling`` for: passages that show none of the question's words."""
        ids = [mark.passage for mark in self.answers.marks if mark.by_meaning]
        asked = [
            ("q", self.place.q),
            ("kb", self.found.knowledge_base.id),
            *(("passage", each) for each in ids),
        ]
        return urlencode(asked) if ids and self.place.q else ""

    def _pages(self) -> dict[str, object]:
        """Return every page with its outlines; the words of the one that is open without a script."""
        total = self.found.paper.record.pages
        marks = (*self.answers.marks, *self.places)
        shapes = [shape for mark in marks for shape in outlines(mark.key, mark.kind, mark.boxes)]
        first = self.place.page or (self.current.page if self.current else None) or 1
        page = min(max(first, 1), total)
        return {
            "sheets": marked(sheets(self.parsed, total), shapes),
            "page": page,
            "lines": tuple(lines(self.parsed, page)) if self.parsed else (),
            "start": f"page-{page}" if self.place.page or not self.current else self.current.key,
        }

    def _text(self) -> dict[str, object]:
        """Return the text with its marks."""
        parts = flow(self.parsed, self.stops) if self.parsed else ()
        return {"sheets": (), "parts": parts, "start": self.current.key if self.current else ""}
