"""Parsing: is the metadata right, are the boxes, is the reading order, and what does it cost?

Over the 80 real papers with known metadata. Run: ``python -m benchmarks.parsing``
(``--set metadata|boxes|order|cost`` for one part, ``--misses`` to print what was missed).
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from benchmarks import parsing_boxes as boxes
from benchmarks import parsing_cost as cost
from benchmarks import parsing_metadata as metadata
from benchmarks import parsing_order as order
from benchmarks.known_items import DATA, truths
from benchmarks.machine import describe, heading
from carrel.parsing.pdfium_parser import PdfiumParser

SECONDS, MEMORY_MB, MAX_PAGES = 120, 1024, 2000
_WORST = 20  # passages shown


@contextmanager
def started_parser() -> Iterator[PdfiumParser]:
    """Give a parser and end its process."""
    parser = PdfiumParser(workers=1, seconds=SECONDS, memory_mb=MEMORY_MB, max_pages=MAX_PAGES)
    try:
        yield parser
    finally:
        parser.close()


@cache
def papers() -> list[metadata.Judged]:
    """Return the real papers, parsed once in a run."""
    with started_parser() as parser, tempfile.TemporaryDirectory() as folder:
        return metadata.read(parser, Path(folder))


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a Markdown table."""
    print(f"\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")


def print_metadata(misses: bool) -> None:
    """Print how right the metadata is, by set, and where it was found."""
    print(heading("Metadata"))
    judged = papers()
    found = list(metadata.verdicts(judged))
    print_table(("measure", *metadata.SETS, "all"), metadata.table(found, judged))
    print_table(("field", "filled", "source"), metadata.evidence(judged))
    for verdict in found if misses else ():
        if verdict.missed:
            print(f"missed: {verdict.measure}: {verdict.file}", file=sys.stderr)
            print(f"  wanted {verdict.wanted}\n  got    {verdict.found}", file=sys.stderr)


def print_boxes(misses: bool) -> None:
    """Print which share of the boxed words are the passage's, and which share of its words are boxed."""
    print(heading("Boxes of passages"))
    columns = {str(row["file"]): int(str(row["cols"])) for row in truths()}
    found = list(boxes.measure(papers(), columns))
    head = ["passages of", "n"]
    for name in boxes.routes():
        head += [f"boxed words that are its own ({name})", f"own words that are boxed ({name})"]
    print_table(head, boxes.table(found, metadata.SETS))
    found = [each for each in found if not each.route.endswith(boxes.BY_LINE)]
    worst = sorted(found, key=lambda each: -each.wrong)[:_WORST]
    for each in worst if misses else ():
        print(
            f"missed: {each.file}, pages {each.passage.pages}, {each.route}: {each.passage.text[:60]!r}\n"
            f"  boxed, not its own: {' '.join(each.stray[:40])}\n"
            f"  its own, not boxed: {' '.join(each.bare[:40])}",
            file=sys.stderr,
        )


def print_order(misses: bool) -> None:
    """Print how many pages are read in order, and what is wrong first on the others."""
    print(heading("Reading order, two-column pages"))
    pages = order.expected()
    with started_parser() as parser:
        read = {
            file: order.ReadPaper(parser.parse(DATA.parent / file, file))
            for file in {page.file for page in pages}
        }
    found = [
        (page, order.order_faults(read[page.file], page), order.block_faults(read[page.file], page))
        for page in pages
    ]
    print_table(("what", "right"), order.table(found))
    wrong = [(page.name, str(fault)) for page, *kinds in found for faults in kinds for fault in faults[:1]]
    if wrong:
        print_table(("page", "first wrong step"), wrong)
    for page, *kinds in found if misses else ():
        for fault in [fault for faults in kinds for fault in faults]:
            print(f"missed: {page.name}: {fault}", file=sys.stderr)


def print_cost(_: bool) -> None:
    """Print what parsing costs."""
    print(heading("Cost of parsing"))
    files = [DATA.parent / str(row["file"]) for row in truths()]
    print_table(("what", "CPU a page", "ratio"), cost.costs(files))
    with tempfile.TemporaryDirectory() as folder:
        print_table(("a long document", "peak memory"), [cost.memory(files, Path(folder))])


PARTS: dict[str, Callable[[bool], None]] = {
    "metadata": print_metadata,
    "boxes": print_boxes,
    "order": print_order,
    "cost": print_cost,
}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", choices=tuple(PARTS), help="print this part only")
    parser.add_argument("--misses", action="store_true", help="print what was missed")
    arguments = parser.parse_args()
    print(heading("Parsing, 80 real papers"))
    print(describe())
    for name, part in PARTS.items():
        if arguments.set in (None, name):
            part(arguments.misses)


if __name__ == "__main__":
    main()
