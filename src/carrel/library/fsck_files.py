"""Examining files: papers' bytes, stored parses, and what killed processes left half written."""

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path

from carrel.core.ids import PaperId
from carrel.library.fsck_report import Examining, Problem
from carrel.storage import holds, papers, removals
from carrel.storage.files import TEMPORARY_SUFFIX, sweep_temporary

_PAPERS_A_PAGE = 500
_HALF_WRITTEN_SECONDS = 600.0  # older than that, nobody is writing it any more


def examine_files(examining: Examining) -> Iterator[Problem]:
    """Yield files that no paper has, papers whose file is lost, and files with other bytes (``deep``)."""
    catalog, blobs = examining.stores.catalog, examining.stores.blobs
    for sha256 in blobs.list():
        examining.checked["files"] += 1
        with catalog.read() as tx:
            # A file that is about to be stored, or deleted, has a note.
            if papers.file_known(tx, sha256) or removals.file_noted(tx, sha256):
                continue
        with catalog.write() as tx:
            orphan = not papers.file_known(tx, sha256) and not removals.file_noted(tx, sha256)
            # A catalog without a single paper is more likely another one than these files' own (a database
            # that was just set up): nobody's files may be somebody's only copies.
            mend = examining.mend and papers.any_known(tx)
            if orphan and mend:
                removals.note_file(tx, sha256)
                if not holds.held(tx):
                    blobs.delete(sha256)
                    removals.cross_out(tx, removals.Removal(removals.What.FILE, sha256))
        if orphan:
            yield Problem("files", "file-of-nothing", sha256, mend)
    for sha256, name in _papers_files(examining):
        if (kind := _trouble(examining, sha256)) is not None:
            yield Problem("files", kind, f"{name} ({sha256[:12]})", mended=False)


def _papers_files(examining: Examining) -> Iterator[tuple[str, str]]:
    """Yield every paper's SHA-256 and the name that one of its files came under, in pages."""
    after = ""
    while True:
        with examining.stores.catalog.read() as tx:
            rows = tx.rows(
                """
                SELECT id, sha256, coalesce(
                    (SELECT min(file_name) FROM holdings WHERE paper_id = papers.id),
                    (SELECT min(file_name) FROM jobs WHERE paper_id = papers.id), id
                ) AS name FROM papers WHERE id > :after ORDER BY id LIMIT :limit
                """,
                after=after,
                limit=_PAPERS_A_PAGE,
            )
        if not rows:
            return
        yield from ((row["sha256"], row["name"]) for row in rows)
        after = rows[-1]["id"]


def _trouble(examining: Examining, sha256: str) -> str | None:
    """Return what is wrong with a paper's file. One with other bytes is set aside: a new copy can come."""
    try:
        path = examining.stores.blobs.path(sha256)
        if not examining.deep or _hash(path) == sha256:
            return None
        if examining.mend:
            path.rename(path.with_suffix(".damaged"))
    except (KeyError, FileNotFoundError):
        with examining.stores.catalog.read() as tx:
            # Removed while this was going on: it is nobody's any more.
            return "file-lost" if papers.file_known(tx, sha256) else None
    return "file-damaged"


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def examine_parses(examining: Examining) -> Iterator[Problem]:
    """Yield parses of papers that are gone, and those that cannot be read (``deep``); both can be deleted."""
    catalog, parses = examining.stores.catalog, examining.stores.parses
    for paper in parses.list():
        examining.checked["parses"] += 1
        with catalog.read() as tx:
            known = papers.known(tx, paper)
        if not known and _delete_parse(examining, paper):
            yield Problem("parses", "parse-of-nothing", paper, examining.mend)
        for path in parses.files(paper) if known and examining.deep else ():
            if not parses.is_readable(path):
                if examining.mend:
                    path.unlink(missing_ok=True)  # made again when it is needed
                yield Problem("parses", "parse-unreadable", path.name, examining.mend)


def _delete_parse(examining: Examining, paper: PaperId) -> bool:
    """Delete the parses of a paper that is gone, or note them for after a backup; whether it is gone."""
    with examining.stores.catalog.write() as tx:
        if papers.known(tx, paper):
            return False
        if examining.mend and holds.held(tx):
            removals.note_parse(tx, paper)
        elif examining.mend:
            examining.stores.parses.delete(paper)
    return True


def examine_temporary_files(examining: Examining) -> Iterator[Problem]:
    """Yield what killed processes left half written."""
    home = examining.stores.home
    for folder in (home, home / "blobs" / "tmp", home / "parses" / "tmp"):
        left = [path for path in sorted(folder.glob(f"*{TEMPORARY_SUFFIX}")) if _is_old(path)]
        if left and examining.mend:
            sweep_temporary(folder)
        for path in left:
            yield Problem("files", "half-written", str(path.relative_to(home)), not path.exists())


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > _HALF_WRITTEN_SECONDS
    except FileNotFoundError:
        return False
