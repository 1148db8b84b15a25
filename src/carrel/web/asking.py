"""A question as the address of the search page has it: read from there, and written back with changes."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from carrel.config import Settings
from carrel.core.errors import InvalidFilter
from carrel.core.ids import PaperId
from carrel.core.ranking import Mode, Preference, Query
from carrel.search import understand

SHOWN, MOST_SHOWN = 10, 100
_LONGEST = 20_000  # characters of a question: an address can be that long and no longer
_MOST_VALUES = 50  # of one filter
_MOST_PAPERS = 20  # that are liked, and that are not


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked, and how. Every field is one of the address, "" or empty where it is not there."""

    q: str = ""
    kb: tuple[str, ...] = ()
    year: str = ""
    author: str = ""
    venue: str = ""
    language: str = ""
    tag: str = ""
    mode: Mode = Mode.HYBRID
    rerank: str = ""  # "yes", "no" or as the server is set
    translate: str = ""  # "no", or where it helps
    shown: int = SHOWN
    why: bool = False
    timings: bool = False
    like: tuple[str, ...] = ()  # papers' ids
    unlike: tuple[str, ...] = ()
    prefer: tuple[Preference, ...] = ()
    diverse: bool = False

    @classmethod
    def of(cls, given: QueryParams) -> "Asked":
        """Return what an address asks. Raises InvalidFilter where its years are none."""
        year = given.get("year", "").strip()
        first, last = given.get("from", "").strip(), given.get("to", "").strip()
        if not year and (first or last):
            year = first if first == last else f"{first}..{last}"
        mode = given.get("mode", "")
        shown = given.get("shown", "")
        return cls(
            q=given.get("q", "")[:_LONGEST].strip(),
            kb=tuple(dict.fromkeys(given.getlist("kb")))[:_MOST_VALUES],
            year=year,
            author=given.get("author", "").strip()[:200],
            venue=given.get("venue", "").strip()[:300],
            language=given.get("language", "").strip()[:20],
            tag=given.get("tag", "").strip()[:100],
            mode=Mode(mode) if mode in tuple(Mode) else Mode.HYBRID,
            rerank=given.get("rerank", "") if given.get("rerank") in ("yes", "no") else "",
            translate="no" if given.get("translate") == "no" else "",
            shown=_shown(shown),
            why=given.get("why") == "1",
            timings=given.get("timings") == "1",
            like=tuple(dict.fromkeys(given.getlist("like")))[:_MOST_PAPERS],
            unlike=tuple(dict.fromkeys(given.getlist("unlike")))[:_MOST_PAPERS],
            prefer=tuple(each for each in Preference if each in given.getlist("prefer")),
            diverse=given.get("diverse") == "1",
        )

    @property
    def anything(self) -> bool:
        """Whether there is a question: text, or papers to find others like."""
        return bool(self.q or self.like)

    @property
    def filtered(self) -> bool:
        """Whether anything narrows the answer down."""
        return bool(self.kb or self.year or self.author or self.venue or self.language or self.tag)

    @property
    def years(self) -> tuple[str, str]:
        """The first and the last year, each "" where it is open."""
        try:
            found = understand.filters(self.year)
        except InvalidFilter:  # it stays as it was typed, beside the error
            first, dots, last = self.year.partition("..")
            return (first, last) if dots else (first, first)
        first, last = ("" if year is None else str(year) for year in (found.year_from, found.year_to))
        return first, last

    def query(self, settings: Settings, has_reranker: bool) -> Query:
        """Return the question as the journey takes it; what is to be reranked, where there is a reranker.

        Raises:
            EmptyQuery, InvalidFilter: as ``understand`` has them.
        """
        wanted = settings.rerank if not self.rerank else self.rerank == "yes"
        return Query(
            self.q,
            self.kb,
            self.mode,
            self.shown,
            understand.filters(
                self.year, _one(self.author), _one(self.venue), _one(self.language), _one(self.tag)
            ),
            settings.query_instruction,
            has_reranker and wanted,
            tuple(map(PaperId, self.like)),
            tuple(map(PaperId, self.unlike)),
            translate=self.translate != "no",
            prefer=self.prefer,
            diverse=self.diverse,
        )

    def address(self, **changes: object) -> str:
        """Return the address of this question with changes; an empty value leaves a field out."""
        return _address("/", replace(self, **changes).fields())  # type: ignore[arg-type]  # fields of ours

    def export_address(self, wanted: str) -> str:
        """Return where the answer's papers are sent as a bibliography of this format."""
        return _address("/export", [*self.fields(), ("format", wanted)])

    def without(self, name: str, value: str = "") -> str:
        """Return the address without a filter, or without one of its values."""
        if name in ("kb", "like", "unlike", "prefer"):
            return self.address(**{name: tuple(each for each in getattr(self, name) if each != value)})
        return self.address(mode=Mode.HYBRID) if name == "mode" else self.address(**{name: ""})

    def liking(self, paper: str) -> str:
        """Return the address that asks for more papers like this one."""
        kept = tuple(each for each in self.unlike if each != paper)
        return self.address(like=_with(self.like, paper), unlike=kept)

    def disliking(self, paper: str) -> str:
        """Return the address that asks for fewer papers like this one."""
        kept = tuple(each for each in self.like if each != paper)
        return self.address(unlike=_with(self.unlike, paper), like=kept)

    def kept(self) -> list[tuple[str, str]]:
        """Return the fields that stay with the next question though the form has no field for them."""
        names = ("venue", "language", "tag", "translate", "like", "unlike", "why", "timings")
        return [(name, value) for name, value in self.fields() if name in names]

    def fields(self) -> list[tuple[str, str]]:
        """Return what the address says, in its order, without what goes without saying."""
        found = [("q", self.q), *(("kb", each) for each in self.kb)]
        found += [(name, each) for name in ("like", "unlike") for each in getattr(self, name)]
        names = ("year", "author", "venue", "language", "tag", "rerank", "translate")
        found.extend((name, getattr(self, name)) for name in names)
        found += [("prefer", each.value) for each in self.prefer]
        found.append(("diverse", "1" if self.diverse else ""))
        found.append(("mode", "" if self.mode is Mode.HYBRID else self.mode.value))
        found.append(("shown", "" if self.shown == SHOWN else str(self.shown)))
        found.append(("why", "1" if self.why else ""))
        found.append(("timings", "1" if self.timings else ""))
        return [(name, value) for name, value in found if value]


def _with(papers: tuple[str, ...], paper: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*papers, paper)))[-_MOST_PAPERS:]


def _shown(text: str) -> int:
    """Return how many papers are to be shown; what is no number, or a very long one, is as if not there."""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
    return min(number, MOST_SHOWN) or SHOWN


def _one(value: str) -> tuple[str, ...]:
    return (value,) if value else ()


def _address(path: str, fields: Iterable[tuple[str, str]]) -> str:
    query = urlencode(list(fields))
    return f"{path}?{query}" if query else path
