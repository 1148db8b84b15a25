"""``carrel judgments``: what people said of papers as answers, listed, exported and imported."""

from collections.abc import Iterator
from pathlib import Path

from carrel.cli.output import Json, print_json, printable, shortened
from carrel.cli.session import services
from carrel.cli.text_files import read_text, write_text
from carrel.core import counts
from carrel.core.accounts import COMMAND_LINE
from carrel.core.judgments import JudgmentKey, agreed
from carrel.core.judgments_format import QRELS_FILE, QUERIES_FILE, read, written
from carrel.core.language import tr
from carrel.library.judging import Judging, Opinion

_QRELS = Path("qrels", "test.tsv")  # where BEIR has them
_AT_ONCE = 500
_MARKS = ("−", "+", "●")  # of the grades
_WIDEST = 90


def list_judgments(kb: str, as_json: bool) -> int:
    """Print every judgment, those of a query together."""
    with services() as opened:
        found = list(_all(Judging(opened.catalog, COMMAND_LINE, kb)))
    if as_json:
        documents: list[Json] = [
            {
                "id": each.key.id,
                "query": each.judgment.query,
                "paper_id": each.judgment.paper_id,
                "title": each.title,
                "grade": each.judgment.grade,
                "by": each.by,
                "at": each.judgment.at,
            }
            for each in found
        ]
        print_json({"judgments": documents})
        return 0
    query = None
    for each in found:
        if each.judgment.query != query:
            query = each.judgment.query
            print(shortened(printable(query), _WIDEST))
        line = f"  {_MARKS[each.judgment.grade]} {printable(each.title)} ({printable(each.by)})"
        print(shortened(line, _WIDEST))
    if not found:
        print(tr("Nothing was judged yet."))
    return 0


def export_judgments(folder: Path, kb: str, as_json: bool) -> int:
    """Write both files; what several people said of a paper is one grade."""
    with services() as opened:
        grades = agreed(Judging(opened.catalog, COMMAND_LINE, kb).all_of_them())
    texts = written(grades)
    write_text(folder / QUERIES_FILE, texts.queries)
    write_text(folder / _QRELS, texts.qrels)
    count = sum(map(len, grades.values()))
    if as_json:
        print_json({"folder": str(folder), "queries": len(grades), "judgments": count})
    else:
        said = tr("{judgments} of {queries}: {folder}")
        given, asked = counts.judgments(count), counts.queries(len(grades))
        print(said.format(judgments=given, queries=asked, folder=printable(str(folder))))
    return 0


def import_judgments(folder: Path, kb: str, as_json: bool) -> int:
    """Take both files in, as the command line's judgments. Exit code 1 where papers are not there."""
    qrels = next((path for path in (folder / _QRELS, folder / QRELS_FILE) if path.is_file()), folder / _QRELS)
    given = read(read_text(folder / QUERIES_FILE), read_text(qrels))
    with services() as opened:
        brought = Judging(opened.catalog, COMMAND_LINE, kb).bring(given)
    if as_json:
        print_json(
            {
                "judgments": brought.judgments,
                "queries": brought.queries,
                "unknown_papers": brought.unknown,
            }
        )
    else:
        print(tr("Imported: {judgments}.").format(judgments=counts.judgments(brought.judgments)))
        if brought.unknown:
            left_out = tr("{count} lines are of papers that are not here, and were left out.")
            print(left_out.format(count=brought.unknown))
    return 1 if brought.unknown else 0


def _all(judging: Judging) -> Iterator[Opinion]:
    after: JudgmentKey | None = None
    while some := judging.page(_AT_ONCE, after):
        yield from some
        after = some[-1].key
