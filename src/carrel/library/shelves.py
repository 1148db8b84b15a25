"""Knowledge bases by name or id, and what they hold, as far as one caller may see and change them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from carrel.core.accounts import COMMAND_LINE, Caller, Role
from carrel.core.audit import Action
from carrel.core.errors import (
    AmbiguousPaperId,
    InvalidSetting,
    KnowledgeBaseMissing,
    PaperIdTooShort,
    PaperMissing,
)
from carrel.core.ids import PaperId, new_knowledge_base_id
from carrel.core.jobs import Job
from carrel.core.knowledge_base import (
    DEFAULT_DOMAIN,
    DEFAULT_EMBEDDER,
    DEFAULT_PARSER,
    ChunkSettings,
    KnowledgeBase,
)
from carrel.core.paper import Passage
from carrel.core.ranking import PaperRecord, published_first
from carrel.library import access
from carrel.library.auditing import record
from carrel.storage import holdings, knowledge_bases, members, papers, passages, queue, versions
from carrel.storage.database import Catalog, Transaction

_LONGEST_NAME = 200
_SHORTEST_PREFIX = 4  # of a paper's id: one digit too few should not remove a paper


@dataclass(frozen=True, slots=True)
class Contents:
    """What knowledge bases hold: searchable papers, files that wait, and those that failed.

    ``versions`` has every paper that is there in several versions, with all of them, itself included, the
    published one first.
    """

    papers: tuple[PaperRecord, ...]
    waiting: tuple[Job, ...]
    failures: tuple[Job, ...]
    versions: Mapping[PaperId, tuple[PaperRecord, ...]] = field(default_factory=dict)


Check = Callable[[KnowledgeBase, Role], None]
"""Looks at what is to be changed, and the caller's role in it, in the same transaction; raises why not."""


def whatever_it_is(_: KnowledgeBase, __: Role) -> None:
    """Let everything be changed."""


class Shelves:
    """Knowledge bases and their papers, over the catalog."""

    def __init__(
        self, catalog: Catalog, embedder: str = DEFAULT_EMBEDDER, caller: Caller = COMMAND_LINE
    ) -> None:
        """Take the catalog, the model of new knowledge bases, and who asks."""
        self._catalog = catalog
        self._embedder = embedder
        self._caller = caller

    def of(self, caller: Caller) -> "Shelves":
        """Return what another caller may see and do."""
        return Shelves(self._catalog, self._embedder, caller)

    def create(
        self,
        name: str,
        description: str = "",
        chunking: ChunkSettings | None = None,
        parser: str = DEFAULT_PARSER,
        embedder: str | None = None,
        dimensions: int = 0,
        domain: str = DEFAULT_DOMAIN,
    ) -> KnowledgeBase:
        """Create an empty knowledge base. Parser, embedder, dimensions are possible: the caller has looked.

        Raises:
            KnowledgeBaseExists: the caller has one of that name.
            InvalidSetting: the name is empty, too long or not printable.
        """
        knowledge_base = KnowledgeBase(
            id=new_knowledge_base_id(),
            name=_checked_name(name),
            description=description,
            domain=domain,
            chunking=chunking or ChunkSettings(),
            parser=parser,
            embedder=embedder or self._embedder,
            dimensions=dimensions,
            created_by=self._caller.user_id,
        )
        with self._catalog.write() as tx:
            self._create(tx, knowledge_base)
        return knowledge_base

    def existing_or_new(self, name: str, embedder: str | None = None) -> KnowledgeBase:
        """Return the knowledge base of that name, or a new one with that model or the default."""
        name = _checked_name(name)
        with self._catalog.write() as tx:
            try:
                return access.require(tx, self._caller, name, Role.EDITOR)
            except KnowledgeBaseMissing:
                new = KnowledgeBase(
                    new_knowledge_base_id(),
                    name,
                    embedder=embedder or self._embedder,
                    created_by=self._caller.user_id,
                )
                self._create(tx, new)
                return new

    def readable(self, names: Sequence[str] = ()) -> tuple[KnowledgeBase, ...]:
        """Return the knowledge bases of these names or ids, or all that may be read where none is named.

        Raises:
            KnowledgeBaseMissing: one of the names is not there.
            KnowledgeBaseAmbiguous: one of them is that of several.
        """
        with self._catalog.read() as tx:
            if not names:
                return tuple(found for found, _ in access.visible(tx, self._caller).values())
            return access.require_all(tx, self._caller, names, Role.VIEWER)

    def require(self, key: str, role: Role) -> KnowledgeBase:
        """Return the knowledge base of this id or name, in which the caller has at least this role.

        Raises:
            KnowledgeBaseMissing, KnowledgeBaseAmbiguous, RoleTooLow: as ``access.require``.
        """
        with self._catalog.read() as tx:
            return access.require(tx, self._caller, key, role)

    def roles(self) -> dict[str, Role]:
        """Return the caller's role in each knowledge base that they may see, by id."""
        with self._catalog.read() as tx:
            return {key: role for key, (_, role) in access.visible(tx, self._caller).items()}

    def with_roles(self) -> tuple[tuple[KnowledgeBase, Role], ...]:
        """Return every knowledge base that the caller may see, by name, and what they may do with it."""
        with self._catalog.read() as tx:
            return tuple(access.visible(tx, self._caller).values())

    def with_role(self, key: str) -> tuple[KnowledgeBase, Role]:
        """Return the knowledge base of this id or name, and what the caller may do with it.

        Raises:
            KnowledgeBaseMissing, KnowledgeBaseAmbiguous: as ``access.require``.
        """
        with self._catalog.read() as tx:
            return access.require_with_role(tx, self._caller, key, Role.VIEWER)

    def configure(
        self,
        name: str,
        rename: str | None = None,
        description: str | None = None,
        paused: bool | None = None,
        check: Check = whatever_it_is,
    ) -> KnowledgeBase:
        """Change name and description (for an owner), let its jobs wait or go on (an editor); None leaves it.

        What its index is built with is changed by building another one (``ingest/rebuild.py``).

        Raises:
            KnowledgeBaseMissing, KnowledgeBaseExists, InvalidSetting: as ``create``.
            RoleTooLow: as ``access.require``; and what ``check`` raises at what is to be changed.
        """
        owner = rename is not None or description is not None
        with self._catalog.write() as tx:
            present = self._checked(tx, name, Role.OWNER if owner else Role.EDITOR, check)
            if owner:
                new_name = _checked_name(rename) if rename is not None else present.name
                new_description = description if description is not None else present.description
                knowledge_bases.configure(tx, present, new_name, new_description)
            if paused is not None:
                knowledge_bases.set_paused(tx, present, paused)
            changed = knowledge_bases.by_id(tx, present.id)
            if detail := _differences(present, changed):
                record(tx, self._caller, Action.KNOWLEDGE_BASE_CONFIGURE, present.id, detail)
            return changed

    def delete(self, name: str, check: Check = whatever_it_is) -> KnowledgeBase:
        """Delete a knowledge base, and its papers where no other one holds them.

        Gone for everybody when this returns; its passages, index and files follow (``cleaning``). Raises as
        ``configure``.
        """
        with self._catalog.write() as tx:
            knowledge_base = self._checked(tx, name, Role.OWNER, check)
            knowledge_bases.delete(tx, knowledge_base)
            detail = {"name": knowledge_base.name, "papers": knowledge_base.papers}
            record(tx, self._caller, Action.KNOWLEDGE_BASE_DELETE, knowledge_base.id, detail)
        return knowledge_base

    def _checked(self, tx: Transaction, key: str, role: Role, check: Check) -> KnowledgeBase:
        found, present = access.require_with_role(tx, self._caller, key, role)
        check(found, present)
        return found

    def _create(self, tx: Transaction, knowledge_base: KnowledgeBase) -> None:
        knowledge_bases.create(tx, knowledge_base)
        if self._caller.user_id:
            members.set_role(tx, knowledge_base.id, self._caller.user_id, Role.OWNER)
        detail = {"name": knowledge_base.name}
        record(tx, self._caller, Action.KNOWLEDGE_BASE_CREATE, knowledge_base.id, detail)

    def delete_if_empty(self, knowledge_base: KnowledgeBase) -> None:
        """Delete a knowledge base unless something was added to it meanwhile."""
        with self._catalog.write() as tx:
            present = knowledge_bases.by_id(tx, knowledge_base.id)
            if present.papers == 0 and not queue.any_of(tx, present):
                knowledge_bases.delete(tx, present)
                detail = {"name": present.name, "papers": 0}
                record(tx, self._caller, Action.KNOWLEDGE_BASE_DELETE, present.id, detail)

    def contents(self, shelves: Sequence[KnowledgeBase]) -> Contents:
        """Return what these knowledge bases hold."""
        ids = [knowledge_base.id for knowledge_base in shelves]
        with self._catalog.read() as tx:
            found = papers.records(tx, ids)
            records = {record.id: record for record in reversed(found)}
            groups = versions.groups(tx, ids, list(records))
            return Contents(
                papers=found,
                waiting=queue.waiting(tx, ids),
                failures=queue.failures(tx, ids),
                versions={
                    paper: published_first(records[version] for version in group)
                    for paper, group in groups.items()
                },
            )

    def find(self, prefix: str, shelves: Sequence[KnowledgeBase]) -> PaperRecord:
        """Return the paper whose id begins so. Raises PaperMissing, AmbiguousPaperId, PaperIdTooShort."""
        with self._catalog.read() as tx:
            return papers.find(tx, [knowledge_base.id for knowledge_base in shelves], _checked_prefix(prefix))

    def named(self, name: str, shelves: Sequence[KnowledgeBase]) -> PaperRecord:
        """Return the paper of these shelves whose file has this name, or whose id begins so.

        Raises:
            PaperMissing: there is none.
            AmbiguousPaperId: there are several.
            PaperIdTooShort: it is no file's name, and too short for an id.
        """
        with self._catalog.read() as tx:
            ids = holdings.of_file(tx, [shelf.id for shelf in shelves], name)
            if len(ids) > 1:
                raise AmbiguousPaperId(id=name, count=len(ids))
            if ids:
                return papers.records(tx, [shelf.id for shelf in shelves], ids)[0]
        return self.find(name, shelves)

    def passages(self, record: PaperRecord) -> tuple[Passage, ...]:
        """Return a paper's passages in reading order."""
        with self._catalog.read() as tx:
            return passages.of_paper(tx, knowledge_bases.by_id(tx, record.knowledge_base_id), record.id)

    def other_versions(
        self, record: PaperRecord, shelves: Sequence[KnowledgeBase]
    ) -> tuple[PaperRecord, ...]:
        """Return the other versions of a paper in these knowledge bases, the published one first."""
        ids = [knowledge_base.id for knowledge_base in shelves]
        with self._catalog.read() as tx:
            group = versions.groups(tx, ids, [record.id]).get(record.id, frozenset())
            found = papers.records(tx, ids, sorted(group - {record.id}))
        return published_first({other.id: other for other in reversed(found)}.values())

    def remove(self, prefix: str, shelves: Sequence[KnowledgeBase]) -> tuple[PaperId, str]:
        """Take a paper out of these knowledge bases, be it ready, waiting or failed; return id and file name.

        Gone for every search when this returns; its points and files follow (``cleaning``).

        Raises:
            PaperMissing, AmbiguousPaperId, PaperIdTooShort: as ``find``.
        """
        ids = [knowledge_base.id for knowledge_base in shelves]
        with self._catalog.write() as tx:
            found = papers.beginning(tx, ids, _checked_prefix(prefix))
            if len(found) > 1:
                raise AmbiguousPaperId(id=prefix, count=len(found))
            if not found:
                raise PaperMissing(id=prefix)
            ((paper, file_name),) = found.items()
            for knowledge_base in shelves:
                papers.remove(tx, knowledge_base, paper)
            papers.forget_unreferenced(tx, [paper])
            names = ", ".join(knowledge_base.name for knowledge_base in shelves)
            detail = {"file": file_name, "knowledge_bases": names}
            record(tx, self._caller, Action.PAPER_REMOVE, paper, detail)
        return paper, file_name


def _differences(before: KnowledgeBase, after: KnowledgeBase) -> dict[str, object]:
    """Return what was changed, for the audit log."""
    names = ("name", "description", "paused")
    return {name: getattr(after, name) for name in names if getattr(after, name) != getattr(before, name)}


def _checked_prefix(prefix: str) -> str:
    if len(prefix) < _SHORTEST_PREFIX:
        raise PaperIdTooShort(id=prefix, digits=_SHORTEST_PREFIX)
    return prefix.lower()


def _checked_name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise InvalidSetting(
            name="knowledge base name",
            value=name[:60],
            expected=f"1 to {_LONGEST_NAME} printable characters",
        )
    return name
