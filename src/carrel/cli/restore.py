"""``carrel restore``: a backup into an empty data folder, in place of one, or beside what is there."""

from pathlib import Path

from carrel.bootstrap import Services
from carrel.cli.output import note, print_json, printable
from carrel.cli.session import services
from carrel.config import load_settings
from carrel.core import counts
from carrel.core.accounts import COMMAND_LINE
from carrel.core.audit import Action
from carrel.core.backup_errors import BackupUnreadable, FolderServed
from carrel.core.errors import CatalogDamaged, IndexBusy
from carrel.core.language import tr
from carrel.library.auditing import record
from carrel.library.importing import Added, add_missing
from carrel.library.opened_backup import OpenedBackup
from carrel.library.restore import Restored, restore, set_aside_damaged

_PAPERS_A_LINE = 500


def restore_backup(file: Path, replace: bool, add: bool, as_json: bool) -> int:
    """Restore a backup and say what is to be done for its papers to be found."""
    try:
        stream = file.open("rb")
    except OSError as error:
        raise BackupUnreadable(path=file, detail=error.strerror or str(error)) from error
    with stream:
        backup = OpenedBackup(stream, str(file))
        if replace:
            _set_aside_damaged(backup)
        with services() as opened:
            if add:
                added = add_missing(backup, opened.stores(), _say)
                _write_down(opened, file, "add")
                return _print_added(added, as_json)
            restored = _restored(backup, opened, replace)
            _write_down(opened, file, "replace" if replace else "empty")
            return _print_restored(restored, as_json)


def _write_down(opened: Services, file: Path, how: str) -> None:
    with opened.catalog.write() as tx:
        record(tx, COMMAND_LINE, Action.RESTORE, detail={"file": file, "how": how})


def _restored(backup: OpenedBackup, opened: Services, replace: bool) -> Restored:
    try:
        opened.indexes.acquire("carrel restore", 0)
    except IndexBusy as error:
        raise FolderServed(folder=opened.settings.home, holder=error.parameters["holder"]) from error
    done = restore(backup, opened.stores(), replace, _say)
    # What only the old rows had goes at once; interrupted here, it goes with the next owner.
    opened.own_index("carrel restore", 0)
    return done


def _set_aside_damaged(backup: OpenedBackup) -> None:
    """A catalog that cannot be opened is why one restores: it must not be in the way."""
    try:
        with services():
            return
    except CatalogDamaged:
        backup.check()  # before anything is touched
        home = load_settings().home
        note(tr("The damaged catalog is kept as {path}").format(path=set_aside_damaged(home)))


def _print_restored(done: Restored, as_json: bool) -> int:
    for sha256 in done.missing:
        note(
            tr("The stored file {sha256} was missing already when the backup was written.").format(
                sha256=sha256
            )
        )
    if as_json:
        print_json(
            {
                "written_at": done.written_at,
                "knowledge_bases": done.counts.knowledge_bases,
                "papers": done.counts.papers,
                "passages": done.counts.passages,
                "vectors": done.vectors,
                "missing": list(done.missing),
            }
        )
        return 0
    print(
        tr("Restored: {bases}, {papers}, as of {time}").format(
            bases=counts.knowledge_bases(done.counts.knowledge_bases),
            papers=counts.papers(done.counts.papers),
            time=printable(done.written_at),
        )
    )
    print(tr("The index is rebuilt from them by carrel serve, or with the next carrel add."))
    return 0


def _print_added(done: Added, as_json: bool) -> int:
    if as_json:
        print_json({"added": list(done.added), "left": list(done.left), "papers": done.papers})
        return 0
    for name in done.added:
        print(tr("Added: {name}").format(name=printable(name)))
    for name in done.left:
        print(tr("It is there already and stays as it is: {name}").format(name=printable(name)))
    print(
        tr("{count} papers wait for the index: carrel serve takes them in, or carrel add.").format(
            count=done.papers
        )
    )
    print(tr("Accounts, keys and the audit log are not merged."))
    return 0


def _say(kind: str, count: int) -> None:
    if kind == "papers" and count and count % _PAPERS_A_LINE == 0:
        note(tr("{count} papers copied").format(count=count))
