"""``carrel reindex``: what is asked for, and what is said of it."""

from dataclasses import dataclass
from enum import Enum

from carrel.bootstrap import Services
from carrel.cli.output import Json, note, print_json, printable
from carrel.cli.papers import clean_now_or_later
from carrel.cli.rebuilding import Rebuilt, begin_or_resume, noting, rebuilt_fields, see_through
from carrel.cli.session import services
from carrel.core import counts
from carrel.core.accounts import Role
from carrel.core.domains import Domain
from carrel.core.errors import InvalidSetting
from carrel.core.kept_errors import said
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.language import tr
from carrel.core.rebuild import Change, Estimate, RebuildStatus
from carrel.core.rebuild_errors import NoRebuild
from carrel.core.rebuild_format import estimate_fields, status_fields

_PURPOSE = "carrel reindex"


class Action(Enum):
    """What is asked of ``carrel reindex``: to build, or something about what is built."""

    BUILD = "build"
    ESTIMATE = "estimate"
    STATUS = "status"
    CANCEL = "cancel"
    RETRY = "retry"
    ACCEPT = "accept"
    ROLLBACK = "rollback"
    DISCARD = "discard"


@dataclass(frozen=True, slots=True)
class Wish:
    """Settings as they were typed; None leaves one as it is."""

    embedder: str | None = None
    dimensions: str | None = None  # a number, or "full"
    chunk_size: int | None = None
    chunk_overlap: int | None = None
    references: bool | None = None
    parser: str | None = None
    domain: Domain | None = None

    def change(self) -> Change:
        """Return what is wanted. Raises InvalidSetting: dimensions are neither a number nor "full"."""
        return Change(
            self.embedder,
            None if self.dimensions is None else dimensions_of(self.dimensions),
            self.chunk_size,
            self.chunk_overlap,
            self.references,
            self.parser,
            self.domain,
        )


def dimensions_of(text: str) -> int:
    """Return dimensions as the catalog keeps them, 0 for all. Raises InvalidSetting."""
    word = text.strip().lower()
    wanted = 0 if word == "full" else int(word) if word.isdecimal() else -1
    if wanted < 0:
        raise InvalidSetting(name="dimensions", value=text, expected=tr("a number, or full"))
    return wanted


def reindex_knowledge_base(name: str, action: Action, wish: Wish, wait: bool, as_json: bool) -> int:
    """Do what is asked for with a knowledge base's index; return the exit code."""
    change = wish.change()
    with services() as opened:
        knowledge_base = opened.shelves.require(name, Role.OWNER)
        if action is Action.ESTIMATE:
            _print_estimate(opened.rebuilds().estimate(knowledge_base, change), name, as_json)
            return 0
        if action in (Action.BUILD, Action.ROLLBACK, Action.RETRY, Action.ACCEPT):
            _build(opened, knowledge_base, action, change, wait, as_json)
            return 0
        if action is Action.CANCEL:
            opened.rebuilds().cancel(knowledge_base, noting(knowledge_base, "cancel"))
            clean_now_or_later(opened, _PURPOSE)
        elif action is Action.DISCARD:
            opened.rebuilds().discard_kept(knowledge_base, noting(knowledge_base, "discard"))
            clean_now_or_later(opened, _PURPOSE)
        _print_status(opened.rebuilds().status(knowledge_base), as_json)
    return 0


def _build(
    opened: Services, knowledge_base: KnowledgeBase, action: Action, change: Change, wait: bool, as_json: bool
) -> None:
    rebuilds = opened.rebuilds()
    begun = None
    if action is Action.BUILD:
        begun = begin_or_resume(opened, knowledge_base, change, _PURPOSE)
    elif action is Action.ROLLBACK:
        rebuilds.rollback(knowledge_base, noting(knowledge_base, "rollback"))
    else:
        retry = action is Action.RETRY
        entry = noting(knowledge_base, "retry" if retry else "accept-failures")
        if not (rebuilds.retry_failures if retry else rebuilds.accept_failures)(knowledge_base, entry):
            raise NoRebuild(name=knowledge_base.name)
    if not wait:
        _print_status(rebuilds.status(knowledge_base), as_json)
        return
    rebuilt = see_through(opened, knowledge_base, _PURPOSE, begun)
    document: dict[str, Json] = {"name": knowledge_base.name, **rebuilt_fields(rebuilt)}
    if as_json:
        print_json(document)
    else:
        print(tr("Rebuilt: {name}").format(name=printable(knowledge_base.name)))
        print(sentence_of(rebuilt))


def sentence_of(rebuilt: Rebuilt) -> str:
    """Return what came of it, for a person."""
    base = rebuilt.knowledge_base
    said = counts.listed(counts.papers(base.papers), counts.passages(base.passages))
    if rebuilt.embedded is not None and rebuilt.from_cache is not None:
        said += "; " + tr("{cached} vectors from the cache, {embedded} embedded anew").format(
            cached=rebuilt.from_cache, embedded=rebuilt.embedded
        )
    return f"{said}; {rebuilt.seconds:.1f} s"


def _print_estimate(estimate: Estimate, name: str, as_json: bool) -> None:
    if as_json:
        print_json({"name": name, **estimate_fields(estimate)})
        return
    passages = counts.passages(estimate.passages)
    about = passages if estimate.exact else tr("about {passages}").format(passages=passages)
    print(counts.listed(counts.papers(estimate.papers), about))
    share = tr("{texts} texts to embed ({share:.0%} of the vectors are cached)")
    print(share.format(texts=estimate.to_embed, share=estimate.cached_share))
    if estimate.seconds:
        took = tr("about {minutes:.0f} min, at {rate:.1f} texts a second")
        print(took.format(minutes=estimate.seconds / 60, rate=estimate.texts_a_second or 0.0))
    room = tr("about {needed} MB on the disk, of {free} MB that may be used")
    print(room.format(needed=estimate.disk_bytes // 1_000_000 + 1, free=estimate.free_bytes // 1_000_000))
    for warning in estimate.warnings:
        note(warning)


def _print_status(status: RebuildStatus, as_json: bool) -> None:
    if as_json:
        print_json(status_fields(status))
        return
    name = printable(status.serving.name)
    if status.under_way is None:
        print(tr("{name} is not being re-indexed.").format(name=name))
    else:
        text = tr("Rebuilding {name}: {done} of {papers}")
        papers = counts.papers(status.progress.total)
        print(text.format(name=name, done=status.progress.done, papers=papers))
        for failure in status.progress.failures:
            print("  " + printable(said(failure.kept)))
        if status.under_way.error_kind:
            print("  " + printable(said(status.under_way.error_kept)))
    if status.last is not None and status.last.error_kind:
        reason = printable(said(status.last.error_kept))
        print(tr("The last one ended with: {reason}").format(reason=reason))
    if status.kept is not None:
        kept = tr("The index before is kept: {embedder}, since {time}.")
        print(kept.format(embedder=status.kept.built_as.embedder, time=status.kept.finished_at[:16]))
