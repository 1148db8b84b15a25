"""``carrel doctor --fsck``: every store examined for what is lost, left over or out of step, and mended."""

from collections.abc import Callable

from carrel.bootstrap import Services
from carrel.cli.output import Json, note, print_json, printable
from carrel.cli.session import services
from carrel.core.errors import IndexBusy
from carrel.core.language import tr
from carrel.core.ports import Embedder
from carrel.library.fsck import OwnedIndexes, examine
from carrel.library.fsck_report import Examining, Problem

_LINES_A_KIND = 20


def examine_stores(
    dry_run: bool, deep: bool, as_json: bool, load_embedder: Callable[[str], Embedder] | None = None
) -> int:
    """Examine and mend. Exit code 0 where all is well or was mended, otherwise 1."""
    with services(load_embedder=load_embedder) as opened:
        owned = _owned(opened)
        examining = Examining(opened.stores(), mend=not dry_run, deep=deep)
        problems = list(examine(examining, owned))
        if owned is not None and not dry_run:
            opened.own_index("carrel doctor", 0)  # what was noted goes at once
    if as_json:
        print_json(_document(examining, problems))
    else:
        _print(examining, problems)
    return 0 if all(problem.mended for problem in problems) else 1


def _owned(opened: Services) -> OwnedIndexes | None:
    """Return the indexes, if nobody else works with them; what was left to be deleted is deleted then."""
    try:
        opened.own_index("carrel doctor", 0)
    except IndexBusy as error:
        note(str(error))
        note(tr("Only catalog, files and parses are examined; stop it to examine everything."))
        return None
    return OwnedIndexes(opened.indexes, opened.index_of)


def _document(examining: Examining, problems: list[Problem]) -> Json:
    return {
        "checked": dict(examining.checked),
        "left_out": list(examining.left_out),
        "problems": [
            {
                "store": problem.store,
                "kind": problem.kind,
                "subject": problem.subject,
                "mended": problem.mended,
            }
            for problem in problems
        ],
    }


def _print(examining: Examining, problems: list[Problem]) -> None:
    print(
        tr("Examined: {files} files, {parses} parses, {indexes} indexes").format(
            files=examining.checked["files"],
            parses=examining.checked["parses"],
            indexes=examining.checked["index"],
        )
    )
    if "vectors" in examining.left_out:
        print(tr("Cached vectors are not examined while papers are on their way."))
    shown: dict[str, int] = {}
    for problem in problems:
        shown[problem.kind] = shown.get(problem.kind, 0) + 1
        if shown[problem.kind] <= _LINES_A_KIND:
            mark = "✓" if problem.mended else "✗"
            print(f"{mark} {problem.store}  {problem.kind}  {printable(problem.subject)}")
    for kind, count in shown.items():
        if count > _LINES_A_KIND:
            print(tr("… and {count} more of {kind}").format(count=count - _LINES_A_KIND, kind=kind))
    if any(problem.kind in ("file-lost", "file-damaged") for problem in problems):
        print(tr("Add the files named above again: their papers stay, and get their bytes back."))
    if any(problem.kind == "damaged" for problem in problems):
        print(tr("Nothing else was examined or changed. Restore a backup: carrel restore FILE --replace"))
    if not problems:
        print(tr("Nothing is lost, left over or out of step."))
