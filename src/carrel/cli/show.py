"""``carrel show``: what is known of a paper, where it comes from, and how well the paper was read."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from carrel.cli.output import Json, place_of, print_json, printable, width, wrapped
from carrel.cli.overlay import draw_overlays
from carrel.cli.papers import paper_document
from carrel.cli.quality import quality_document, quality_in_words
from carrel.cli.session import services
from carrel.cli.versions import version_facts
from carrel.core.language import tr
from carrel.core.metadata import Metadata, Source
from carrel.core.paper import Passage
from carrel.core.ranking import PaperRecord
from carrel.search.present import version_documents

_COLUMNS = 90


@dataclass(frozen=True, slots=True)
class Overlay:
    """Where the pages with their blocks are to be drawn: a PNG file; a page from 1, or all of them."""

    path: Path
    page: int | None = None


def show_paper(identifier: str, kbs: list[str], overlay: Overlay | None, as_json: bool) -> int:
    """Print what is known of a paper: metadata, quality, sections; draw its pages where asked to."""
    with services() as opened:
        shelves = opened.shelves.readable(kbs)
        record = opened.shelves.find(identifier, shelves)
        passages = opened.shelves.passages(record)
        versions = opened.shelves.other_versions(record, shelves)
        drawn = [] if overlay is None else draw_overlays(record, overlay.path, overlay.page, opened)
    if as_json:
        document = paper_document(record) | {"versions": version_documents(versions)}
        document |= _reading_document(record, passages)
        files: list[Json] = [str(path) for path in drawn]
        print_json(document if overlay is None else document | {"overlay": files})
        return 0
    if overlay is None:
        _print_paper(record, passages, versions)
    for path in drawn:
        print(printable(tr("Drawn: {path}").format(path=path)))
    return 0


def _print_paper(record: PaperRecord, passages: Sequence[Passage], versions: Sequence[PaperRecord]) -> None:
    metadata = record.metadata
    facts = {
        tr("Title"): metadata.title + _origin(metadata, "title"),
        tr("Authors"): ", ".join(metadata.authors) + _origin(metadata, "authors"),
        tr("Year"): str(metadata.year or "") + _origin(metadata, "year"),
        tr("Venue"): metadata.venue + _origin(metadata, "venue"),
        "DOI": metadata.doi + _origin(metadata, "doi"),
        "arXiv": metadata.arxiv_id + _origin(metadata, "arxiv_id"),
        tr("Language"): metadata.language + _origin(metadata, "language"),
        tr("Keywords"): "; ".join(metadata.keywords) + _origin(metadata, "keywords"),
        tr("File"): record.file_name,
        tr("Pages"): str(record.pages or ""),
        tr("Passages"): str(len(passages)),
        tr("Quality"): "" if record.quality is None else quality_in_words(record.quality),
        tr("Versions"): "; ".join(map(version_facts, versions)),
        "Id": record.id,
    }
    _print_facts({name: value for name, value in facts.items() if value})
    if metadata.abstract:
        print()
        for line in wrapped(printable(metadata.abstract + _origin(metadata, "abstract")), _COLUMNS):
            print(f"  {line}")
    print()
    for section, first in _sections(passages).items():
        print(f"  {printable(section) or tr('(beginning)')} · {place_of(first)}")


def _origin(metadata: Metadata, name: str) -> str:
    """Return where an entry comes from and how sure it is, in brackets; nothing where that is not known."""
    evidence = metadata.evidence.get(name)
    if evidence is None or not getattr(metadata, name):
        return ""
    source = {
        Source.PAGE: tr("printed on the page"),
        Source.FILE: tr("from the file's own information"),
        Source.IDENTIFIER: tr("follows from an identifier"),
        Source.TEXT: tr("concluded from the text"),
        Source.SERVICE: tr("said by a parsing service"),
        Source.CORRECTED: tr("corrected by hand"),
    }[evidence.source]
    return f" ({source}, {evidence.confidence:.2f})"


def _reading_document(record: PaperRecord, passages: Sequence[Passage]) -> dict[str, Json]:
    metadata = record.metadata
    return {
        "abstract": metadata.abstract,
        "keywords": list(metadata.keywords),
        "evidence": {
            name: {"source": found.source.value, "confidence": found.confidence}
            for name, found in metadata.evidence.items()
        },
        "quality": None if record.quality is None else quality_document(record.quality),
        "sections": [*_sections(passages)],
        "passages": [
            {
                "id": passage.id,
                "section": passage.section,
                "page": passage.page,
                "pages": sorted(passage.pages),
                "paragraph": passage.paragraph,
                "text": passage.text,
            }
            for passage in passages
        ],
    }


def _sections(passages: Sequence[Passage]) -> dict[str, Passage]:
    """Return each section's first passage, in reading order."""
    first: dict[str, Passage] = {}
    for passage in passages:
        first.setdefault(passage.section, passage)
    return first


def _print_facts(facts: dict[str, str]) -> None:
    widest = max(width(name) for name in facts)
    for name, value in facts.items():
        padding = " " * (widest - width(name))
        first, *rest = wrapped(printable(value), _COLUMNS) or [""]
        print(f"  {name}{padding}  {first}")
        for line in rest:
            print(f"  {' ' * widest}  {line}")
