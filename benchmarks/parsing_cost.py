"""What parsing costs: CPU beside pdfium's bare text extraction, and the memory of a long document.

Each measurement is a process of its own, started by ``costs`` and ``memory``; run by hand:
``python -m benchmarks.parsing_cost bare|parse|start FILE…`` prints pages, CPU seconds and peak memory.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import pypdfium2 as pdfium

from benchmarks.speed import cpu, floor
from carrel.core.errors import PaperError
from carrel.parsing.pdfium_parser import PdfiumParser

ROUNDS = 5
LONG_DOCUMENT = 600  # pages
MOST_MB = 300
MOST_RATIO = 2.5


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process spent on some files, its children counted."""

    pages: int
    seconds: float  # of CPU, after the imports
    wall: float
    parent_mb: float  # peak
    child_mb: float  # peak of the largest child


def _bare(files: Sequence[Path]) -> int:
    """Extract each page's text with pdfium and nothing else."""
    return floor(files)[0]


def _parse(files: Sequence[Path]) -> int:
    """Parse as ``carrel add`` does: in a child process, its start included."""
    parser = PdfiumParser(workers=1, seconds=600, memory_mb=1024, max_pages=2000)
    try:
        return sum(len(parser.parse(file, file.name).pages) for file in files)
    finally:
        parser.close()


def _start(files: Sequence[Path]) -> int:
    """Start the child process and let it refuse a file that is not there."""
    parser = PdfiumParser(workers=1, seconds=600, memory_mb=1024, max_pages=2000)
    try:
        parser.parse(files[0].with_name("no such file"), "no such file")
    except PaperError:
        return 0
    finally:
        parser.close()
    raise AssertionError("it read a file that is not there")


_JOBS: dict[str, Callable[[Sequence[Path]], int]] = {"bare": _bare, "parse": _parse, "start": _start}


def in_own_process(job: str, files: Sequence[Path]) -> Cost:
    """Return what a job costs in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.parsing_cost", job, *map(str, files)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return Cost(**json.loads(answer))


def costs(files: Sequence[Path]) -> list[tuple[str, str, str]]:
    """Return rows of (what, CPU a page, ratio to the bare extraction), medians over the rounds."""
    rounds = [{job: in_own_process(job, files) for job in _JOBS} for _ in range(ROUNDS)]
    pages = rounds[0]["bare"].pages

    def row(name: str, seconds: Callable[[dict[str, Cost]], float]) -> tuple[str, str, str]:
        spent = [1000 * seconds(each) / pages for each in rounds]
        ratios = [seconds(each) / each["bare"].seconds for each in rounds]
        return (
            name,
            f"{median(spent):.2f} ms ({min(spent):.2f} to {max(spent):.2f})",
            f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
        )

    return [
        row(f"pdfium's bare text, {pages} pages", lambda each: each["bare"].seconds),
        row(
            f"parsing, child process and its start included (at most {MOST_RATIO})",
            lambda each: each["parse"].seconds,
        ),
        row(
            "parsing without starting the child process",
            lambda each: each["parse"].seconds - each["start"].seconds,
        ),
    ]


def memory(files: Sequence[Path], folder: Path) -> tuple[str, str]:
    """Return a row of (what, peak memory) for a long document made of real papers."""
    long = folder / "long.pdf"
    _concatenate(files, long)
    cost = in_own_process("parse", [long])
    return (
        f"{cost.pages} pages in one file of {long.stat().st_size >> 20} MiB",
        f"the parsing process {cost.child_mb:.0f} MB (at most {MOST_MB}), "
        f"its parent {cost.parent_mb:.0f} MB, {cost.wall:.1f} s",
    )


def _concatenate(files: Sequence[Path], target: Path) -> None:
    """Write ``LONG_DOCUMENT`` pages: the papers one after the other, and from the first again."""
    whole = pdfium.PdfDocument.new()
    try:
        number = 0
        while len(whole) < LONG_DOCUMENT:
            part = pdfium.PdfDocument(files[number % len(files)])
            whole.import_pages(part, list(range(min(len(part), LONG_DOCUMENT - len(whole)))))
            part.close()
            number += 1
        whole.save(target)
    finally:
        whole.close()


def main() -> None:
    """Do one job on some files and print what it cost."""
    job, *names = sys.argv[1:]
    files = [Path(name) for name in names]
    began, wall = cpu(), time.perf_counter()
    pages = _JOBS[job](files)
    peaks = [
        resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    ]
    print(json.dumps(asdict(Cost(pages, cpu() - began, time.perf_counter() - wall, *peaks))))


if __name__ == "__main__":
    main()
