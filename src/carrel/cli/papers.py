"""``carrel list``, ``show`` and ``remove``: what the knowledge bases hold."""

import shutil
from collections.abc import Sequence

from carrel.bootstrap import Services
from carrel.cli.output import Json, place_of, print_json, printable, shortened, width, wrapped
from carrel.cli.session import services
from carrel.cli.versions import SHORT_ID, version_documents, version_facts
from carrel.core.errors import IndexBusy
from carrel.core.language import tr
from carrel.core.paper import Passage
from carrel.core.ranking import PaperRecord
from carrel.library.shelves import Contents


def list_papers(kbs: list[str], as_json: bool) -> int:
    """Print the searchable papers, oldest first, the files that wait, and those that failed."""
    with services() as opened:
        shelves = opened.shelves.readable(kbs)
        names = {knowledge_base.id: knowledge_base.name for knowledge_base in shelves}
        contents = opened.shelves.contents(shelves)
    if as_json:
        print_json(
            {
                "papers": [
                    paper_document(record)
                    | {
                        "knowledge_base": names[record.knowledge_base_id],
                        "versions": _other_ids(record, contents),
                    }
                    for record in contents.papers
                ],
                "waiting": [
                    {
                        "paper_id": job.paper_id,
                        "file": job.file_name,
                        "knowledge_base": names[job.knowledge_base_id],
                    }
                    for job in contents.waiting
                ],
                "failed": [
                    {
                        "paper_id": job.paper_id,
                        "file": job.file_name,
                        "knowledge_base": names[job.knowledge_base_id],
                        "error": {"kind": job.error_kind, "message": job.error_message},
                    }
                    for job in contents.failures
                ],
            }
        )
        return 0
    columns = shutil.get_terminal_size((100, 24)).columns
    for record in contents.papers:
        year = str(record.metadata.year or "    ")
        line = f"{record.id[:SHORT_ID]}  {year}  {printable(record.metadata.title or record.file_name)}"
        mark = _version_mark(record, contents)
        print(shortened(line, max(columns - width(mark), 40)) + mark)
    for job in contents.waiting:
        print(f"{job.paper_id[:SHORT_ID]}  {tr('waiting')}  {printable(job.file_name)}")
    for job in contents.failures:
        print(f"{job.paper_id[:SHORT_ID]}  {tr('failed')}  {printable(job.error_message)}")
    if not contents.papers and not contents.failures and not contents.waiting:
        print(tr("No papers yet. Add some with: carrel add PATH"))
    return 0


def show_paper(identifier: str, kbs: list[str], as_json: bool) -> int:
    """Print what is known of a paper: metadata, sections, passages with their pages."""
    with services() as opened:
        shelves = opened.shelves.readable(kbs)
        record = opened.shelves.find(identifier, shelves)
        passages = opened.shelves.passages(record)
        versions = opened.shelves.other_versions(record, shelves)
    if as_json:
        document = paper_document(record) | _reading_document(record, passages)
        print_json(document | {"versions": version_documents(versions)})
        return 0
    metadata = record.metadata
    facts = {
        tr("Title"): metadata.title,
        tr("Authors"): ", ".join(metadata.authors),
        tr("Year"): str(metadata.year or ""),
        tr("Venue"): metadata.venue,
        "DOI": metadata.doi,
        "arXiv": metadata.arxiv_id,
        tr("File"): record.file_name,
        tr("Pages"): str(record.pages or ""),
        tr("Passages"): str(len(passages)),
        tr("Versions"): "; ".join(map(version_facts, versions)),
        "Id": record.id,
    }
    _print_facts({name: value for name, value in facts.items() if value})
    if metadata.abstract:
        print()
        for line in wrapped(printable(metadata.abstract), 90):
            print(f"  {line}")
    print()
    for section, first in _sections(passages).items():
        print(f"  {printable(section) or tr('(beginning)')} · {place_of(first)}")
    return 0


def _other_ids(record: PaperRecord, contents: Contents) -> list[Json]:
    return [version.id for version in contents.versions.get(record.id, ()) if version.id != record.id]


def _version_mark(record: PaperRecord, contents: Contents) -> str:
    """Return what is printed behind a paper that another version stands for."""
    first = next((version.id for version in contents.versions.get(record.id, ())), record.id)
    return "" if first == record.id else "  " + tr("(version of {id})").format(id=first[:SHORT_ID])


def _reading_document(record: PaperRecord, passages: Sequence[Passage]) -> dict[str, Json]:
    return {
        "abstract": record.metadata.abstract,
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


def remove_paper(identifier: str, kbs: list[str], as_json: bool) -> int:
    """Take a paper out of the knowledge bases; its files and points follow at once or a little later."""
    with services() as opened:
        paper, file_name = opened.shelves.remove(identifier, opened.shelves.readable(kbs))
        clean_now_or_later(opened, "carrel remove")
    if as_json:
        print_json({"removed": paper, "file": file_name})
    else:
        print(tr("Removed: {name}").format(name=printable(file_name)))
    return 0


def clean_now_or_later(opened: Services, purpose: str) -> None:
    """Work the removals off if the index is free; its present owner or the next one does otherwise."""
    try:
        opened.own_index(purpose, wait_seconds=0)
    except IndexBusy:
        return


def paper_document(record: PaperRecord) -> dict[str, Json]:
    """Return a paper as programs read it."""
    metadata = record.metadata
    return {
        "id": record.id,
        "title": metadata.title,
        "authors": list(metadata.authors),
        "year": metadata.year,
        "venue": metadata.venue,
        "doi": metadata.doi,
        "arxiv_id": metadata.arxiv_id,
        "language": metadata.language,
        "file": record.file_name,
        "pages": record.pages,
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
        first, *rest = wrapped(printable(value), 90) or [""]
        print(f"  {name}{padding}  {first}")
        for line in rest:
            print(f"  {' ' * widest}  {line}")
