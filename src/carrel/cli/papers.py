"""``carrel list`` and ``remove``: what the knowledge bases hold."""

import shutil
from collections.abc import Mapping

from carrel.bootstrap import Services
from carrel.cli.output import Json, print_json, printable, shortened, width
from carrel.cli.session import services
from carrel.cli.versions import SHORT_ID
from carrel.core.errors import IndexBusy
from carrel.core.ids import KnowledgeBaseId
from carrel.core.jobs import Job
from carrel.core.language import tr
from carrel.core.ranking import PaperRecord
from carrel.library.shelves import Contents


def list_papers(kbs: list[str], as_json: bool) -> int:
    """Print the searchable papers, oldest first, the files that wait, and those that failed."""
    with services() as opened:
        shelves = opened.shelves.readable(kbs)
        names = {knowledge_base.id: knowledge_base.name for knowledge_base in shelves}
        contents = opened.shelves.contents(shelves)
    if as_json:
        print_json(_contents_document(contents, names))
    else:
        _print_contents(contents)
    return 0


def _contents_document(contents: Contents, names: Mapping[KnowledgeBaseId, str]) -> Json:
    """Return the contents as programs read them; ``names`` are the knowledge bases'."""

    def job_document(job: Job) -> dict[str, Json]:
        return {
            "paper_id": job.paper_id,
            "file": job.file_name,
            "knowledge_base": names[job.knowledge_base_id],
        }

    return {
        "papers": [
            paper_document(record)
            | {
                "knowledge_base": names[record.knowledge_base_id],
                "versions": _other_ids(record, contents),
            }
            for record in contents.papers
        ],
        "waiting": [job_document(job) for job in contents.waiting],
        "failed": [
            job_document(job) | {"error": {"kind": job.error_kind, "message": job.error_message}}
            for job in contents.failures
        ],
    }


def _print_contents(contents: Contents) -> None:
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


def _other_ids(record: PaperRecord, contents: Contents) -> list[Json]:
    return [version.id for version in contents.versions.get(record.id, ()) if version.id != record.id]


def _version_mark(record: PaperRecord, contents: Contents) -> str:
    """Return what is printed behind a paper that another version stands for."""
    first = next((version.id for version in contents.versions.get(record.id, ())), record.id)
    return "" if first == record.id else "  " + tr("(version of {id})").format(id=first[:SHORT_ID])


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
