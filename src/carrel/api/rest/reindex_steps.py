"""The steps of re-indexing as callers take them: who may, with which models; each stands in the audit log."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from enum import StrEnum

from carrel.api.rest.access import Access
from carrel.api.rest.knowledge_bases import check_offered
from carrel.core.accounts import Role
from carrel.core.audit import Action
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.rebuild import Change, Estimate, RebuildStatus
from carrel.ingest.rebuild import Rebuilds
from carrel.library.auditing import record


class Step(StrEnum):
    """What can be done with an index that is being built, or that is kept."""

    CANCEL = "cancel"
    RETRY = "retry"  # the papers that failed
    ACCEPT_FAILURES = "accept-failures"
    ROLLBACK = "rollback"
    DISCARD = "discard"  # what is kept


_TAKEN: Mapping[Step, Callable[[Rebuilds, KnowledgeBase], object]] = {
    Step.CANCEL: Rebuilds.cancel,
    Step.RETRY: Rebuilds.retry_failures,
    Step.ACCEPT_FAILURES: Rebuilds.accept_failures,
    Step.ROLLBACK: Rebuilds.rollback,
    Step.DISCARD: Rebuilds.discard_kept,
}


def status(access: Access, key: str) -> RebuildStatus:
    """Return how it stands, for a viewer. Raises as ``Shelves.require``."""
    return access.services.rebuilds().status(access.shelves.require(key, Role.VIEWER))


def estimate(access: Access, key: str, change: Change) -> Estimate:
    """Return what a re-index would take, for an owner. Raises as ``begin``; nothing is changed."""
    present = access.shelves.require(key, Role.OWNER)
    _check(access, change)
    return access.services.rebuilds().estimate(present, change)


def begin(access: Access, key: str, change: Change) -> RebuildStatus:
    """Begin a re-index, for an owner.

    Raises:
        KnowledgeBaseMissing, KnowledgeBaseAmbiguous, RoleTooLow: as ``Shelves.require``.
        ModelUnknown: the model is none of those in use.
        Otherwise as ``Rebuilds.begin``.
    """
    present = access.shelves.require(key, Role.OWNER)
    _check(access, change)
    found = access.services.rebuilds().begin(present, change, access.caller.user_id)
    said = {name: value for name, value in asdict(change).items() if value is not None}
    _record(access, present, "begin", **said)
    return found


def take(access: Access, key: str, step: Step) -> RebuildStatus:
    """Take a step, for an owner. Raises as ``Shelves.require`` and as the step in ``Rebuilds``."""
    present = access.shelves.require(key, Role.OWNER)
    _TAKEN[step](access.services.rebuilds(), present)
    _record(access, present, step)
    return access.services.rebuilds().status(present)


def _check(access: Access, change: Change) -> None:
    if change.embedder is not None:
        check_offered(access, change.embedder)


def _record(access: Access, present: KnowledgeBase, step: str, **detail: object) -> None:
    with access.services.catalog.write() as tx:
        record(tx, access.caller, Action.KNOWLEDGE_BASE_REINDEX, present.id, {"step": step, **detail})
