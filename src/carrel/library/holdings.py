"""The papers of one knowledge base, as far as one caller may see and change them."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from carrel.core.accounts import Caller, Role
from carrel.core.audit import Action
from carrel.core.corrections import Value
from carrel.core.errors import PaperMissing
from carrel.core.ids import PaperId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.paper import Passage
from carrel.core.ranking import PaperRecord, published_first
from carrel.library import access
from carrel.library.auditing import record
from carrel.library.corrections import correct
from carrel.library.references import Reference, likely
from carrel.library.tagging import tag, usable
from carrel.storage import paper_pages, papers, passages, tags, versions
from carrel.storage.database import Catalog, Transaction
from carrel.storage.paper_pages import SeenPaper, Wanted
from carrel.storage.tags import Tag, tag_key


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

    def counts(self) -> dict[str, int]:
        """Return how many papers are in each state. Raises as ``access.require``, for a viewer."""
        with self._catalog.read() as tx:
            return paper_pages.counts(tx, self._base(tx, Role.VIEWER))

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

    def correct(
        self,
        paper: str,
        values: Mapping[str, Value],
        taken_back: Collection[str] = (),
        labels: Sequence[str] | None = None,
        instead_of: Sequence[str] | None = None,
    ) -> None:
        """Correct fields of a paper's metadata, and take corrections back, in this knowledge base alone.

        With ``labels``, let it have these tags and no others; or, where it is said ``instead_of`` which,
        change what differs between the two and leave what others did meanwhile. All or nothing.

        Raises:
            CorrectionUnusable, TagUnusable: a field cannot be that, a label cannot be one.
            RoleTooLow: it takes an editor.
            PaperMissing, KnowledgeBaseMissing, KnowledgeBaseAmbiguous: as ``one``.
        """
        with self._catalog.write() as tx:
            found = self._found(tx, paper, Role.EDITOR)
            record, base = found.paper.record, found.knowledge_base
            correct(tx, self._caller, base, record, values, taken_back)
            if labels is not None:
                wanted, known = usable(labels), {tag_key(label) for label in instead_of or ()}
                there = record.tags if instead_of is None else instead_of
                gone = [label for label in there if tag_key(label) not in wanted]
                new = [label for key, label in wanted.items() if key not in known]
                tag(tx, self._caller, base, [record.id], new, gone)

    def tag(self, papers: Sequence[str], add: Iterable[str] = (), remove: Iterable[str] = ()) -> None:
        """Give papers labels and take others off them, all or nothing.

        Raises:
            TagUnusable: a label cannot be one, or a paper has too many.
            RoleTooLow: it takes an editor.
            PaperMissing, KnowledgeBaseMissing, KnowledgeBaseAmbiguous: as ``one``.
        """
        with self._catalog.write() as tx:
            base = self._base(tx, Role.EDITOR)
            found = [self._found(tx, paper, Role.EDITOR).paper.record.id for paper in papers]
            tag(tx, self._caller, base, found, list(add), list(remove))

    def tags(self) -> tuple[Tag, ...]:
        """Return every label of the knowledge base, with how many papers bear it. Raises as ``page``."""
        with self._catalog.read() as tx:
            return tags.counted(tx, [self._base(tx, Role.VIEWER).id])

    def check_editor(self) -> None:
        """Make sure that the caller may change papers here. Raises as ``access.require``, for an editor."""
        with self._catalog.read() as tx:
            self._base(tx, Role.EDITOR)

    def searchable(self, wanted: Sequence[str] = ()) -> tuple[PaperRecord, ...]:
        """Return the searchable papers of these ids, or all, oldest first.

        Raises:
            PaperMissing: one of them is not searchable here.
            KnowledgeBaseMissing, KnowledgeBaseAmbiguous: as ``access.require``.
        """
        ids = [PaperId(each) for each in wanted]
        with self._catalog.read() as tx:
            found = papers.records(tx, [self._base(tx, Role.VIEWER).id], ids or None)
        missing = set(ids) - {record.id for record in found}
        if missing:
            raise PaperMissing(id=min(missing))
        return found

    def likely_cited(self, references: Sequence[Reference]) -> tuple[PaperRecord, ...]:
        """Return papers that references may be to, in every knowledge base that the caller may read."""
        if not references:
            return ()
        with self._catalog.read() as tx:
            readable = [base.id for base, _ in access.visible(tx, self._caller).values()]
            return papers.records(tx, readable, likely(references, papers.named(tx, readable)))

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
