"""How right the metadata is: one verdict a paper and field, against the manifest's truth."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from statistics import fmean
from typing import TypedDict

import pypdfium2 as pdfium

from benchmarks.known_items import DATA, page_texts, truths
from carrel.core.metadata import Metadata
from carrel.core.paper import ParsedPaper
from carrel.parsing.pdfium_parser import PdfiumParser

SETS = ("jose", "juliacon", "pmlr", "rescience")
_FRONT_PAGES = 2  # where a paper prints its year and DOI, its last page besides
_SHINGLE = 5  # words
_PRINTED_SHARE = 0.5  # of an abstract's shingles, to call it printed
FIELDS = ("title", "authors", "abstract", "year", "venue", "doi", "arxiv_id", "language", "keywords")


class Truth(TypedDict, total=False):
    """What the publisher's own records say of a paper."""

    title: str
    authors: list[str]
    year: int
    doi: str
    abstract: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A real paper as it was parsed, with what is known of it."""

    file: str
    truth: Truth
    paper: ParsedPaper
    bare: Metadata  # read from a copy that holds the pages and no information dictionary
    same_text: bool  # whether that copy's text was read alike
    typed_title: str  # what the information dictionary says
    texts: list[str]  # each page's, by pdfium's bare route

    @property
    def collection(self) -> str:
        return Path(self.file).parent.name


@dataclass(frozen=True, slots=True)
class Verdict:
    """One paper and one measure: ``got`` of ``of`` right; a share where it is one."""

    measure: str
    collection: str
    file: str
    got: float
    of: float
    wanted: str
    found: str

    @property
    def missed(self) -> bool:
        """Whether it is worth looking at: an empty field may be right, and one miss is told once."""
        told_elsewhere = self.measure.endswith((": filled", ": precision", "by the info alone"))
        return self.got < self.of and not told_elsewhere and "full name" not in self.measure


def without_info(source: Path, target: Path) -> None:
    """Write a copy that has the pages and nothing else: no information dictionary, no XMP."""
    document, copy = pdfium.PdfDocument(source), pdfium.PdfDocument.new()
    try:
        copy.import_pages(document)
        copy.save(target)
    finally:
        copy.close()
        document.close()


def read(parser: PdfiumParser, folder: Path) -> list[Judged]:
    """Parse every paper whose truth is known; ``folder`` is for the copies without information."""
    found = []
    for row in truths():
        path = DATA.parent / str(row["file"])
        copy = folder / path.name
        without_info(path, copy)
        paper, bare = parser.parse(path, path.name), parser.parse(copy, path.name)
        copy.unlink()
        found.append(
            Judged(
                str(row["file"]),
                row["truth"],  # type: ignore[arg-type]  # the manifest's own schema
                paper,
                bare.metadata,
                bare.text == paper.text,
                str(row.get("meta_title") or ""),
                [" ".join(words) for words in page_texts(path)],
            )
        )
    return found


def letters(text: str) -> str:
    """Return letters and digits only, case, accents and ligatures folded, entities unescaped."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", unescape(text)).lower()))


def words(text: str) -> list[str]:
    """Return the words, folded like ``letters``."""
    folded = unicodedata.normalize("NFKD", unescape(text)).lower()
    return re.findall(r"[^\W_]+", "".join(c for c in folded if not unicodedata.combining(c)))


def person(name: str) -> tuple[str, str]:
    """Return the folded full name, and the folded surname with the first initial."""
    family, comma, given = unescape(name).partition(",")
    parts = f"{given} {family}".split() if comma else unescape(name).split()
    surname = letters(parts[-1]) if parts else ""
    return letters("".join(parts)), f"{surname} {letters(parts[0])[:1] if parts else ''}"


def verdicts(judged: Sequence[Judged]) -> Iterator[Verdict]:
    """Yield every verdict."""
    for each in judged:
        yield from _titles(each)
        for number, name in enumerate(("full name", "surname and initial")):
            yield from _authors(each, number, f"authors, {name}", each.paper.metadata)
        yield from _authors(each, 1, "authors, surname and initial, info removed", each.bare)
        yield from _printed(each)
        yield from _abstracts(each)
        for field in ("keywords", "venue", "language"):
            value = getattr(each.paper.metadata, field)
            yield _verdict(each, f"{field}: filled", bool(value), 1, "something", value)


def _verdict(each: Judged, measure: str, got: float, of: float, wanted: object, found: object) -> Verdict:
    return Verdict(measure, each.collection, each.file, got, of, str(wanted), str(found))


def _titles(each: Judged) -> Iterator[Verdict]:
    wanted = each.truth["title"]
    candidates = {
        "title right": each.paper.metadata.title,
        "title right, info removed": each.bare.title,
        "title right by the info alone": each.typed_title,
    }
    for measure, found in candidates.items():
        yield _verdict(each, measure, letters(found) == letters(wanted), 1, wanted, found)


def _authors(each: Judged, form: int, measure: str, metadata: Metadata) -> Iterator[Verdict]:
    wanted = [person(name)[form] for name in each.truth.get("authors") or ()]
    if not wanted:
        return
    found = [person(name)[form] for name in metadata.authors]
    both = (Counter(wanted) & Counter(found)).total()
    shown = ("; ".join(each.truth["authors"]), "; ".join(metadata.authors))
    yield _verdict(each, f"{measure}: precision", both, len(found), *shown)
    yield _verdict(each, f"{measure}: recall", both, len(wanted), *shown)
    if both == len(wanted) and form:
        order = [name for name in found if name in wanted]
        yield _verdict(each, f"{measure}: order right", order == wanted, 1, *shown)


def _printed(each: Judged) -> Iterator[Verdict]:
    """Judge year and DOI, where the pages bear them."""
    front = " ".join([*each.texts[:_FRONT_PAGES], each.texts[-1]])
    metadata = each.paper.metadata
    year = each.truth.get("year")
    if year and re.search(rf"(?<!\d){year}(?!\d)", front):
        yield _verdict(each, "year right where printed", metadata.year == year, 1, year, metadata.year)
        yield _verdict(each, "year right, info removed", each.bare.year == year, 1, year, each.bare.year)
    doi = each.truth.get("doi", "").lower()
    if doi and letters(doi) in letters(front):
        for measure, found in (("where printed", metadata.doi), ("info removed", each.bare.doi)):
            yield _verdict(each, f"DOI right, {measure}", found.lower() == doi, 1, doi, found)
    elif metadata.doi:  # one that is not printed must not come from elsewhere, such as the references
        yield _verdict(
            each,
            "DOI right, of those given and not printed",
            metadata.doi.lower() == doi,
            1,
            doi,
            metadata.doi,
        )


def _abstracts(each: Judged) -> Iterator[Verdict]:
    wanted, found = words(each.truth.get("abstract", "")), words(each.paper.metadata.abstract)
    if not wanted:
        if found:
            yield _verdict(each, "abstracts found without truth", 1, 1, "", each.paper.metadata.abstract)
        return
    both = (Counter(wanted) & Counter(found)).total()
    f1 = 2 * both / (len(wanted) + len(found))
    shown = (each.truth["abstract"], each.paper.metadata.abstract)
    yield _verdict(each, "abstract token F1, all", f1, 1, *shown)
    if is_printed(wanted, each.texts):
        yield _verdict(each, "abstract token F1 where printed", f1, 1, *shown)


def is_printed(wanted: Sequence[str], texts: Sequence[str]) -> bool:
    """Whether the pages hold most of these words, five in a row at a time."""
    page = letters(" ".join(texts))
    pieces = ["".join(wanted[n : n + _SHINGLE]) for n in range(max(1, len(wanted) - _SHINGLE + 1))]
    return sum(piece in page for piece in pieces) >= _PRINTED_SHARE * len(pieces)


def table(found: Sequence[Verdict], judged: Sequence[Judged]) -> list[tuple[str, ...]]:
    """Return rows of (measure, a figure for each set, and for all)."""
    rows = []
    for measure in dict.fromkeys(verdict.measure for verdict in found):
        chosen = [verdict for verdict in found if verdict.measure == measure]
        per_set = [[v for v in chosen if v.collection == name] for name in SETS]
        rows.append((measure, *map(_figure, per_set), _figure(chosen)))
        if measure.endswith(": recall"):
            stem = measure.removesuffix("recall")
            precise = [v for v in found if v.measure == f"{stem}precision"]
            halves = [
                ([v for v in precise if v.collection == name], own)
                for name, own in zip(SETS, per_set, strict=True)
            ]
            rows.append((f"{stem}F1", *(_f1(*half) for half in halves), _f1(precise, chosen)))
    alike = [Verdict("", each.collection, each.file, each.same_text, 1, "", "") for each in judged]
    own = [[v for v in alike if v.collection == name] for name in SETS]
    rows.append(("(check) text read alike with the info removed", *map(_figure, own), _figure(alike)))
    return rows


def _figure(chosen: Sequence[Verdict]) -> str:
    of = sum(verdict.of for verdict in chosen)
    if not of:
        return "—"
    got = sum(verdict.got for verdict in chosen)
    return f"{100 * got / of:.1f} % of {of:.0f}"


def _f1(precise: Sequence[Verdict], complete: Sequence[Verdict]) -> str:
    both, total = sum(v.got for v in complete), sum(v.of for v in [*precise, *complete])
    return f"{2 * both / total:.3f}" if total else "—"


def evidence(judged: Sequence[Judged]) -> list[tuple[str, ...]]:
    """Return rows of (field, how many of each source with the least and mean confidence)."""
    rows: list[tuple[str, ...]] = []
    for field in FIELDS:
        filled = sum(bool(getattr(each.paper.metadata, field)) for each in judged)
        proofs = [each.paper.metadata.evidence.get(field) for each in judged]
        sources: dict[str, list[float]] = {}
        for proof in proofs:
            if proof is not None:
                sources.setdefault(str(proof.source), []).append(proof.confidence)
        told = "; ".join(
            f"{source} {len(sure)} (confidence {min(sure):.2f} to {max(sure):.2f}, mean {fmean(sure):.2f})"
            for source, sure in sorted(sources.items())
        )
        rows.append((field, str(filled), told or "none given"))
    return rows
