"""What ``carrel eval`` gives: tables on the terminal, and the files that were asked for."""

import json
from dataclasses import dataclass
from pathlib import Path

from carrel.cli.output import note, printable, shortened, width
from carrel.cli.text_files import check_writable
from carrel.core.language import tr
from carrel.core.page_errors import FileNotWritable
from carrel.evaluation.comparison import Comparison
from carrel.evaluation.tables import (
    Table,
    against_the_baseline,
    by_kind,
    document,
    figures,
    markdown,
    note_on_marks,
    summary,
    warnings,
)

_WIDEST_LABEL = 48


@dataclass(frozen=True, slots=True)
class Files:
    """Where a comparison is to be written, if anywhere."""

    json: Path | None = None
    markdown: Path | None = None
    html: Path | None = None

    def check(self) -> None:
        """See that they can be written, before anything is measured. Raises FileNotWritable."""
        for path in filter(None, (self.json, self.markdown, self.html)):
            check_writable(path)


def give(comparison: Comparison, files: Files) -> int:
    """Print a comparison and write its files; return the exit code."""
    print(printable(summary(comparison)))
    for warning in warnings(comparison):
        note(warning)
    print(_lines(figures(comparison)))
    if len(comparison.outcomes) > 1:
        print(note_on_marks())
        print(_lines(against_the_baseline(comparison, comparison.metrics[0])))
    if (kinds := by_kind(comparison, comparison.metrics[0])) is not None:
        print(_lines(kinds))
    if files.json is not None:
        _write(files.json, json.dumps(document(comparison), ensure_ascii=False, indent=1) + "\n")
    if files.markdown is not None:
        _write(files.markdown, markdown(comparison))
    if files.html is not None:
        from carrel.web.evaluation_report import report

        _write(files.html, report(comparison))
    return 0


def _lines(table: Table) -> str:
    """Return a table in columns: the first to the left, numbers to the right."""
    rows = [(shortened(printable(row[0]), _WIDEST_LABEL), *row[1:]) for row in (table.head, *table.rows)]
    widths = [max(width(row[place]) for row in rows) for place in range(len(table.head))]
    return "\n" + "\n".join(
        "  ".join(
            cell + " " * (columns - width(cell)) if place == 0 else " " * (columns - width(cell)) + cell
            for place, (cell, columns) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise FileNotWritable(path=path, detail=error.strerror) from error
    note(tr("Written: {path}").format(path=path))
