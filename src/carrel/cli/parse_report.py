"""``carrel doctor --parse``: how well files can be read, before any of them is added."""

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from carrel.bootstrap import open_parser
from carrel.cli.output import Json, error_document, note, print_json, printable, shortened, width
from carrel.cli.quality import quality_document, verdict_in_words
from carrel.config import load_settings
from carrel.core import counts
from carrel.core.errors import CarrelError, PaperError, UsageError
from carrel.core.language import tr
from carrel.core.metadata import Metadata
from carrel.core.paper import BlockKind, ParsedPaper, is_reference_list
from carrel.core.ports import Parser
from carrel.core.quality import ParseQuality, Verdict, faults
from carrel.ingest.accept import check, find_files, shown_name

_WIDEST_NAME, _WIDEST = 34, 160  # columns
_READING_COLUMNS = 22  # of verdict, score and pages
_SOME_FAILED = 1


@dataclass(frozen=True, slots=True)
class _Row:
    """What is said of one file: what was read of it, or why it could not be read."""

    path: Path
    pages: int = 0
    metadata: Metadata | None = None
    quality: ParseQuality | None = None
    missing: tuple[str, ...] = ()
    error: CarrelError | None = None


def report_parses(path: Path, recursive: bool, as_json: bool) -> int:
    """Read a file or a folder's files and print how well each was read; nothing is added.

    Returns the exit code: 1 where a file could not be read, otherwise 0.
    """
    settings = load_settings()
    try:
        files = list(find_files(path, recursive))
    except (PaperError, UsageError) as error:
        rows = [_Row(path, error=error)]
    else:
        parser = open_parser(settings)
        try:
            rows = list(_rows(files, parser, settings.parser_count))
        finally:
            parser.close()
    if as_json:
        print_json({"files": [_document(row) for row in rows], "summary": _summary(rows)})
    else:
        _print(rows)
    return _SOME_FAILED if any(row.error is not None for row in rows) else 0


def _rows(files: Sequence[Path], parser: Parser, workers: int) -> Iterator[_Row]:
    """Read the files, several at once; yield them in order, and say how far the work is."""
    threads = ThreadPoolExecutor(workers, thread_name_prefix="parse")
    try:
        reading: list[Future[_Row]] = [threads.submit(_row, file, parser) for file in files]
        for number, future in enumerate(reading, 1):
            row = future.result()
            # Nothing to watch in a single file.
            if len(files) > 1:
                how = str(row.error) if row.quality is None else verdict_in_words(row.quality)
                note(f"[{number}/{len(files)}] {shown_name(row.path)}: {how}")
            yield row
    finally:
        # Not waiting: a file may take its parser minutes, and the user has pressed Ctrl-C.
        threads.shutdown(wait=False, cancel_futures=True)


def _row(file: Path, parser: Parser) -> _Row:
    try:
        check(file)
        parsed = parser.parse(file, shown_name(file))
    except (PaperError, UsageError) as error:
        return _Row(file, error=error)
    return _Row(file, len(parsed.pages), parsed.metadata, parsed.quality, _missing(parsed))


def _missing(parsed: ParsedPaper) -> tuple[str, ...]:
    """Return the names of what was looked for and not found."""
    metadata = parsed.metadata
    listed = any(
        block.kind is BlockKind.REFERENCE
        or (block.kind is BlockKind.HEADING and is_reference_list(parsed.block_text(block)))
        for block in parsed.blocks
    )
    found = {
        "title": metadata.title,
        "authors": metadata.authors,
        "year": metadata.year,
        "abstract": metadata.abstract,
        "references": listed,
    }
    return tuple(name for name, value in found.items() if not value)


def _document(row: _Row) -> Json:
    metadata = row.metadata or Metadata()
    return {
        "path": str(row.path),
        "pages": row.pages,
        "title": metadata.title or None,
        "authors": list(metadata.authors),
        "year": metadata.year,
        "doi": metadata.doi or None,
        "language": metadata.language or None,
        "quality": None if row.quality is None else quality_document(row.quality),
        "missing": list(row.missing),
        "error": None if row.error is None else error_document(row.error),
    }


def _summary(rows: Sequence[_Row]) -> dict[str, Json]:
    verdicts = Counter(row.quality.verdict for row in rows if row.quality is not None)
    reasons = Counter(row.error.kind for row in rows if row.error is not None)
    missing = Counter(name for row in rows for name in row.missing)
    return {
        "files": len(rows),
        **{verdict.value: verdicts[verdict] for verdict in Verdict},
        "failed": reasons.total(),
        "reasons": dict(reasons.most_common()),
        "missing": dict(missing.most_common()),
    }


def _print(rows: Sequence[_Row]) -> None:
    columns = min(shutil.get_terminal_size((100, 24)).columns, _WIDEST)
    names = [shortened(printable(shown_name(row.path)), _WIDEST_NAME) for row in rows]
    widest = max(map(width, names))
    for row, name in zip(rows, names, strict=True):
        head = f"{name}{' ' * (widest - width(name))}  "
        if row.error is not None:
            print(f"{head}{tr('failed')}: {printable(str(row.error))}")
            continue
        print(shortened(head + _reading(row), columns))
        if (wrong := _wrong(row)) and row.quality is not None:
            print(shortened(f"{' ' * widest}  {wrong}", columns))
    print()
    _print_summary(rows)


def _reading(row: _Row) -> str:
    assert row.quality is not None
    assert row.metadata is not None
    pages = tr("{pages} pages").format(pages=row.pages)
    title = printable(row.metadata.title) or "—"
    verdict = verdict_in_words(row.quality)
    gap = " " * max(2, _READING_COLUMNS - width(verdict) - width(pages))
    return f"{verdict}{gap}{pages}  {title}"


def _wrong(row: _Row) -> str:
    """Return what is wrong or missing, in words."""
    texts = {
        "title": tr("no title"),
        "authors": tr("no authors"),
        "year": tr("no year"),
        "abstract": tr("no abstract"),
        "references": tr("no references"),
    }
    assert row.quality is not None
    return "; ".join((*faults(row.quality), *(texts[name] for name in row.missing)))


def _print_summary(rows: Sequence[_Row]) -> None:
    verdicts = Counter(row.quality.verdict for row in rows if row.quality is not None)
    reasons = Counter(row.error.kind for row in rows if row.error is not None)
    text = tr("{files}: {good} good, {fair} fair, {poor} poor, {failed} failed").format(
        files=counts.files(len(rows)),
        good=verdicts[Verdict.GOOD],
        fair=verdicts[Verdict.FAIR],
        poor=verdicts[Verdict.POOR],
        failed=reasons.total(),
    )
    by_kind = ", ".join(f"{kind} {count}" for kind, count in reasons.most_common())
    print(f"{text} ({by_kind})" if by_kind else text)
