"""The versions of a paper, as programs and as people read them."""

from collections.abc import Iterable

from carrel.cli.output import printable
from carrel.core.language import tr
from carrel.core.ranking import PaperRecord

SHORT_ID = 10  # digits of a paper's id that are printed for people


def version_line(versions: Iterable[PaperRecord]) -> str:
    """Return one line that names the versions of a paper; empty where there are none."""
    named = "; ".join(map(version_facts, versions))
    return tr("also: {versions}").format(versions=named) if named else ""


def version_facts(record: PaperRecord) -> str:
    """Return what tells a version from the others: id, year, where it appeared, file."""
    metadata = record.metadata
    appeared = metadata.venue or metadata.doi or (f"arXiv {metadata.arxiv_id}" if metadata.arxiv_id else "")
    facts = (record.id[:SHORT_ID], str(metadata.year or ""), appeared, record.file_name)
    return printable(" · ".join(filter(None, facts)))
