"""Fuzzing: damaged copies of real PDFs, read as a library would read them. None may harm the reader.

Run: ``python -m benchmarks.fuzz [--mutants 2000] [--seed 1]``. Real papers and odd files of
``../shared/data/pdf`` (the sample papers where it is absent) are truncated, have bytes flipped, have
numbers exchanged or are spliced two and two, and go through the real parser. Each must end as a paper
or with a ``PaperError``; an error of our own code in the parsing process is a violation, as is any
process left at the end.
Prints a table of outcomes; exit code 1 where there is a violation. ``--keep FOLDER`` writes those down,
``--only N`` reads the mutant of that number alone.
"""

import argparse
import os
import random
import re
import sys
import tempfile
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.known_items import DATA
from benchmarks.machine import describe, heading
from carrel.core.errors import PaperError, ParserCrashed
from carrel.parsing.pdfium_parser import PdfiumParser

_SAMPLES = Path(__file__).resolve().parents[1] / "examples" / "papers"
_LARGEST = 300_000  # bytes of a file that is mutated: small ones make as much trouble in less time
_SECONDS, _MEMORY_MB, _MAX_PAGES, _OCR_PAGE_SECONDS = 30.0, 1024, 500, 10.0
_MARK = "CARREL_FUZZ_RUN"  # in the environment of every process that the run starts
# How a process dies at the hands of pdfium. Anything else in a ParserCrashed is our own doing.
_FOREIGN_DEATH = re.compile(r"signal \d+")
_NUMBER = re.compile(rb"(stream\r?\n.*?endstream)|(?<=[ \[/])-?\d+(?:\.\d+)?(?=[ \]/>\r\n])", re.DOTALL)
_NUMBERS = (
    b"0",
    b"-1",
    b"1",
    b"2",
    b"65536",
    b"2147483647",
    b"-2147483648",
    b"99999999999",
    b"1e38",
    b".00001",
)
_REMARKABLE = ("ParserCrashed", "ParseTimeout")
_END = b"\nstartxref\n0\n%%EOF\n"


@dataclass(frozen=True, slots=True)
class Mutant:
    """A damaged file. The same seed and number make the same one."""

    number: int
    how: str
    of: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a mutant ended: ``paper`` or the error's class; ``violation`` says what must not be."""

    number: int
    how: str
    of: str
    kind: str
    seconds: float
    violation: str = ""


def mutate(sources: Sequence[Path], seed: int, number: int) -> Mutant:
    """Return the mutant of this number."""
    draw = random.Random(f"{seed}/{number}")
    one, other = draw.choice(sources), draw.choice(sources)
    how = draw.choice(("truncate", "flip", "exchange", "splice"))
    content = one.read_bytes()
    if how == "truncate":
        content = _truncated(content, draw)
    elif how == "flip":
        content = _flipped(content, draw)
    elif how == "exchange":
        content = _exchanged(content, draw)
    else:
        content = _spliced(content, other.read_bytes(), draw)
    of = f"{one.name} + {other.name}" if how == "splice" else one.name
    return Mutant(number, how, of, content)


def _truncated(content: bytes, draw: random.Random) -> bytes:
    """Cut the end off; every second one gets an end mark again, without which it would be refused unread."""
    cut = content[: draw.randrange(len(content))]
    return cut + _END if draw.random() < 0.5 else cut


def _flipped(content: bytes, draw: random.Random) -> bytes:
    """Change up to a hundred bytes, anywhere or close together."""
    changed = bytearray(content)
    near = draw.randrange(len(changed)) if draw.random() < 0.5 else None
    for _ in range(draw.choice((1, 2, 5, 20, 100))):
        place = draw.randrange(len(changed)) if near is None else near + draw.randrange(200)
        changed[place % len(changed)] = draw.choice((0, 0x20, 0x2F, 0x39, 0xFF, draw.randrange(256)))
    return bytes(changed)


def _exchanged(content: bytes, draw: random.Random) -> bytes:
    """Exchange some numbers of the file's structure, which says more than its packed streams."""
    places = [match.span() for match in _NUMBER.finditer(content) if match.group(1) is None]
    for begin, end in sorted(draw.sample(places, min(len(places), draw.choice((1, 3, 10)))), reverse=True):
        content = content[:begin] + draw.choice(_NUMBERS) + content[end:]
    return content


def _spliced(content: bytes, other: bytes, draw: random.Random) -> bytes:
    """Join the beginning of one file to the end of another, or put a piece of the other into the one."""
    if draw.random() < 0.5:
        return content[: draw.randrange(len(content))] + other[draw.randrange(len(other)) :]
    begin, place = draw.randrange(len(other)), draw.randrange(len(content))
    piece = other[begin : begin + draw.choice((20, 500, 20_000))]
    end = place + (len(piece) if draw.random() < 0.5 else 0)
    return content[:place] + piece + content[end:]


def read(mutant: Mutant, parser: PdfiumParser, folder: Path, keep: Path | None = None) -> Outcome:
    """Read a mutant and say how it ended; ``keep`` is the folder for those that crash or hang."""
    path = folder / f"{mutant.number}.pdf"
    path.write_bytes(mutant.content)
    begun = time.perf_counter()
    kind, violation = "paper", ""
    try:
        parser.parse(path, path.name)
    except ParserCrashed as error:
        kind = "ParserCrashed"
        detail = error.parameters["detail"]
        violation = "" if _FOREIGN_DEATH.fullmatch(detail) else f"our own code: {detail}"
    except PaperError as error:
        kind = type(error).__name__
    except Exception as error:  # what must never happen is what is counted here
        kind = type(error).__name__
        violation = f"uncaught {kind}: {error}"
    path.unlink()
    if keep and (violation or kind in _REMARKABLE):
        keep.mkdir(parents=True, exist_ok=True)
        (keep / path.name).write_bytes(mutant.content)
    return Outcome(mutant.number, mutant.how, mutant.of, kind, time.perf_counter() - begun, violation)


def left_behind(mark: str) -> list[psutil.Process]:
    """Return the processes of this run that are still there; they get some seconds to go."""
    deadline = time.monotonic() + 10
    while (left := list(_marked(mark))) and time.monotonic() < deadline:
        time.sleep(0.2)
    return left


def _marked(mark: str) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(_MARK) == mark:
                yield process
        except (psutil.Error, OSError):  # another user's, or gone meanwhile
            continue


def _print(outcomes: Sequence[Outcome], title: str) -> None:
    kinds = Counter(outcome.kind for outcome in outcomes)
    by_way: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for outcome in outcomes:
        by_way[outcome.how][outcome.kind] += 1
    ways = sorted(by_way)
    print(heading(title) + f"\n{describe()}\n")
    print(f"| outcome | {' | '.join(ways)} | all | slowest, s |")
    print("|---|" + "---:|" * (len(ways) + 2))
    for kind, count in kinds.most_common():
        slowest = max(outcome.seconds for outcome in outcomes if outcome.kind == kind)
        cells = " | ".join(str(by_way[way][kind]) for way in ways)
        print(f"| {kind} | {cells} | {count} | {slowest:.1f} |")


def main() -> int:
    """Run, print, and return the exit code."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--mutants", type=int, default=2000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options.add_argument("--only", type=int)
    options.add_argument("--keep", type=Path)
    options.add_argument("--data", type=Path, default=DATA)
    given = options.parse_args()

    os.environ[_MARK] = mark = uuid.uuid4().hex
    found = sorted(given.data.rglob("*.pdf")) or sorted(_SAMPLES.glob("*.pdf"))
    sources = [path for path in found if 0 < path.stat().st_size <= _LARGEST]
    numbers = range(given.mutants) if given.only is None else [given.only]
    parser = PdfiumParser(
        workers=given.workers,
        seconds=_SECONDS,
        memory_mb=_MEMORY_MB,
        max_pages=_MAX_PAGES,
        ocr=True,
        ocr_page_seconds=_OCR_PAGE_SECONDS,
    )
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(given.workers) as pool:
        outcomes = list(
            pool.map(
                lambda number: read(mutate(sources, given.seed, number), parser, Path(folder), given.keep),
                numbers,
            )
        )
    parser.close()
    took = time.perf_counter() - begun
    _print(outcomes, f"{len(outcomes)} mutants of {len(sources)} files, seed {given.seed}, {took:.0f} s")
    return _judge(outcomes, left_behind(mark))


def _judge(outcomes: Sequence[Outcome], left: Sequence[psutil.Process]) -> int:
    """Print what must not be and what is remarkable, and return the exit code."""
    for each in outcomes:
        if each.violation or each.kind in _REMARKABLE:
            what = each.violation or each.kind
            print(f"- mutant {each.number} ({each.how} {each.of}): {what}, {each.seconds:.1f} s")
    wrong = sum(bool(outcome.violation) for outcome in outcomes)
    for process in left:
        print(f"- left behind: process {process.pid} {' '.join(process.cmdline())}")
    print(f"\nViolations: {wrong + len(left)}")
    return 1 if wrong or left else 0


if __name__ == "__main__":
    sys.exit(main())
