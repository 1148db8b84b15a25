"""``carrel export``: papers for programs that keep bibliographies, on standard output."""

from collections.abc import Sequence

from carrel.cli.output import print_json
from carrel.cli.session import services
from carrel.core.citation_format import CitationFormat
from carrel.library.citation_formats import exported


def export_papers(identifiers: Sequence[str], kbs: list[str], wanted: CitationFormat, as_json: bool) -> int:
    """Print the papers of these ids, or all of the knowledge bases', each once."""
    with services() as opened:
        shelves = opened.shelves.readable(kbs)
        if identifiers:
            records = [opened.shelves.find(identifier, shelves) for identifier in identifiers]
        else:
            records = list(opened.shelves.contents(shelves).papers)
    text = exported(records, wanted)
    if as_json:
        count = len({record.id for record in records})
        print_json({"format": wanted.value, "papers": count, "content": text})
    else:
        print(text, end="" if text.endswith("\n") else "\n")
    return 0
