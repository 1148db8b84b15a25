"""The papers of one knowledge base, as far as one caller may see and change them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from carrel.core.accounts import Caller, Role
from carrel.core.audit import Action
from carrel.core.errors import PaperMissing
from carrel.core.ids import PaperId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.paper import Passage
from carrel.core.ranking import PaperRecord, published_first
from carrel.library import access
from carrel.library.auditing import record
from carrel.storage import paper_pages, papers, passages, versions
from carrel.storage.database import Catalog, Transaction
from carrel.storage.paper_pages import SeenPaper, Wanted


@dataclass(frozen=True, slots=True)
class Found:
    """A paper, its knowledge base, and the other versions of it that the caller may see."""

    knowledge_base: KnowledgeBase
    paper: SeenPaper
    versions: tuple[PaperRecord, ...] = ()


def whatever_it_is(_: Found) -> None:
    """Let every paper be taken out."""


class Holdings:
    """The papers of one knowledge base, by its id or name. Each call asks anew what the caller may."""

    def __init__(self, catalog: Catalog, caller: Caller, key: str) -> None:
        self._catalog = catalog
        self._caller = caller
        self._key = key

    def page(self, wanted: Wanted, limit: int) -> tuple[SeenPaper, ...]:
        """Return the first papers that are wanted. Raises as ``access.require``, for a viewer."""
        with self._catalog.read() as tx:
            return paper_pages.page(tx, self._base(tx, Role.VIEWER), wanted, limit)

    def one(self, paper: str) -> Found:
        """Return the paper of this id.

        Raises:
            PaperMissing: the knowledge base has none.
            KnowledgeBaseMissing, KnowledgeBaseAmbiguous: as ``access.require``.
        """
        with self._catalog.read() as tx:
            return self._with_versions(tx, self._found(tx, paper, Role.VIEWER))

    def passages(self, paper: str, after: int, limit: int) -> tuple[Passage, ...]:
        """Return a paper's passages in reading order, from number ``after`` on. Raises as ``one``."""
        with self._catalog.read() as tx:
            found = self._found(tx, paper, Role.VIEWER)
            return passages.of_paper(tx, found.knowledge_base, found.paper.record.id)[after : after + limit]

    def about_key(self, paper: str) -> tuple[Found, str]:
        """Return a paper and the key of its vector in the cache. Raises as ``one``."""
        with self._catalog.read() as tx:
            found = self._found(tx, paper, Role.VIEWER)
            return found, paper_pages.about_key(tx, found.knowledge_base, found.paper.record.id)

    def remove(self, paper: str, check: Callable[[Found], None] = whatever_it_is) -> None:
        """Take a paper out, be it searchable or on its way. Gone for every search when this returns.

        Raises:
            RoleTooLow: it takes an editor.
            PaperMissing, KnowledgeBaseMissing, KnowledgeBaseAmbiguous: as ``one``; and what ``check`` raises
                at the paper, in the transaction that takes it out.
        """
        with self._catalog.write() as tx:
            found = self._found(tx, paper, Role.EDITOR)
            check(self._with_versions(tx, found))
            papers.remove(tx, found.knowledge_base, found.paper.record.id)
            papers.forget_unreferenced(tx, [found.paper.record.id])
            detail = {"file": found.paper.record.file_name, "knowledge_bases": found.knowledge_base.name}
            record(tx, self._caller, Action.PAPER_REMOVE, found.paper.record.id, detail)

    def records(self, ids: Sequence[PaperId], bases: Sequence[KnowledgeBase]) -> dict[str, PaperRecord]:
        """Return those of the papers that these knowledge bases hold, by id."""
        with self._catalog.read() as tx:
            found = papers.records(tx, [base.id for base in bases], ids)
        return {record.id: record for record in reversed(found)}

    def _base(self, tx: Transaction, role: Role) -> KnowledgeBase:
        return access.require(tx, self._caller, self._key, role)

    def _found(self, tx: Transaction, paper: str, role: Role) -> Found:
        base = self._base(tx, role)
        seen = paper_pages.one(tx, base, PaperId(paper))
        if seen is None:
            raise PaperMissing(id=paper)
        return Found(base, seen)

    def _with_versions(self, tx: Transaction, found: Found) -> Found:
        readable = [base.id for base, _ in access.visible(tx, self._caller).values()]
        identifier = found.paper.record.id
        group = versions.groups(tx, readable, [identifier]).get(identifier, frozenset())
        others = papers.records(tx, readable, sorted(group - {identifier})) if group else ()
        once = {other.id: other for other in reversed(others)}
        return Found(found.knowledge_base, found.paper, published_first(once.values()))
