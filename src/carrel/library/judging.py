"""Judging: what people say of papers as answers, in one knowledge base, as far as one caller may.

Whoever may search it may judge, and sees what they said; its owners see and may take back what all say, and
import. No order changes by it at once; calibration goes by what those say who may change the knowledge base.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from carrel.core.accounts import COMMAND_LINE, Caller, Role, Scope
from carrel.core.audit import Action
from carrel.core.errors import PaperMissing
from carrel.core.ids import PaperId
from carrel.core.judgment_errors import JudgmentMissing, JudgmentUnusable
from carrel.core.judgments import GRADES, Judgment, JudgmentKey, query_text
from carrel.core.judgments_format import Graded
from carrel.core.knowledge_base import KnowledgeBase
from carrel.library import access
from carrel.library.auditing import record
from carrel.storage import judgments, papers, users
from carrel.storage.clock import now
from carrel.storage.database import Catalog, Transaction
from carrel.storage.judgments import Judged

_LONGEST_QUERY = 100_000  # characters


@dataclass(frozen=True, slots=True)
class Opinion:
    """A judgment, the paper's title and the name of whose it is."""

    judgment: Judgment
    title: str
    by: str

    @property
    def key(self) -> JudgmentKey:
        """Which one it is."""
        return JudgmentKey.of(self.judgment.query, self.judgment.paper_id, self.judgment.by)


@dataclass(frozen=True, slots=True)
class Brought:
    """What came of an import: judgments, of how many queries, and those of papers that are not here."""

    judgments: int
    queries: int
    unknown: int


class Judging:
    """The judgments of one knowledge base, by its id or name. Each call asks anew what the caller may."""

    def __init__(self, catalog: Catalog, caller: Caller, key: str) -> None:
        self._catalog = catalog
        self._caller = caller
        self._key = key

    def judge(self, query: str, paper: str, grade: int) -> Opinion:
        """Say something of a paper as an answer to a query, in place of what the caller said before.

        Raises:
            JudgmentUnusable: there is no such grade, or the query is empty or too long.
            PaperMissing: the knowledge base has no such searchable paper.
            KnowledgeBaseMissing, KnowledgeBaseAmbiguous, ScopeTooNarrow: as ``access.require``.
        """
        access.need(self._caller, Scope.WRITE)
        with self._catalog.write() as tx:
            base = self._base(tx)
            made = self._made(base, Graded(query, paper, grade))
            if not papers.records(tx, [base.id], [made.paper_id]):
                raise PaperMissing(id=paper)
            judgments.put(tx, [made])
            return _opinions(tx, base, [made])[0]

    def take_back(self, identifier: str) -> Judgment:
        """Take a judgment back: one's own, or as an owner anybody's.

        Raises:
            JudgmentMissing: there is none of this id, or it is not the caller's.
            KnowledgeBaseMissing, KnowledgeBaseAmbiguous, ScopeTooNarrow: as ``access.require``.
        """
        access.need(self._caller, Scope.WRITE)
        key = JudgmentKey.named(identifier)
        with self._catalog.write() as tx:
            base = self._base(tx)
            own = key is not None and key.user_id == self._caller.user_id
            found = judgments.take_back(tx, base.id, key) if key and (own or self._owns(tx, base)) else None
            if found is None:
                raise JudgmentMissing(id=identifier[:120])
            if not own:
                detail = {"knowledge_base": base.name, "query": found.query, "user_id": found.by}
                record(tx, self._caller, Action.JUDGMENT_REMOVE, found.paper_id, detail)
            return found

    def page(self, limit: int, after: JudgmentKey | None = None) -> tuple[Opinion, ...]:
        """Return at most so many judgments that the caller may see, those of a query together.

        Raises:
            KnowledgeBaseMissing, KnowledgeBaseAmbiguous: as ``access.require``.
        """
        with self._catalog.read() as tx:
            base = self._base(tx)
            return _opinions(tx, base, judgments.page(tx, base.id, limit, after, self._whose(tx, base)))

    def all_of_them(self) -> tuple[Judgment, ...]:
        """Return every judgment that the caller may see. Raises as ``page``."""
        with self._catalog.read() as tx:
            base = self._base(tx)
            whose = self._whose(tx, base)
            return tuple(each for each in judgments.of(tx, base.id) if whose in (None, each.by))

    def counts(self) -> Judged:
        """Return how much there is that the caller may see. Raises as ``page``."""
        with self._catalog.read() as tx:
            base = self._base(tx)
            return judgments.counts(tx, base.id, self._whose(tx, base))

    def bring(self, given: Sequence[Graded]) -> Brought:
        """Judge much at once, for owners; all or nothing but for papers that are not here: they are left out.

        Raises:
            JudgmentUnusable, KnowledgeBaseMissing, KnowledgeBaseAmbiguous, ScopeTooNarrow: as ``judge``.
            RoleTooLow: the caller is no owner.
        """
        access.need(self._caller, Scope.WRITE)
        with self._catalog.write() as tx:
            base = access.require(tx, self._caller, self._key, Role.OWNER)
            known = papers.passage_counts(tx, base)
            made = [self._made(base, each) for each in given if each.paper_id in known]
            judgments.put(tx, made)
            keys = {JudgmentKey.of(each.query, each.paper_id, each.by) for each in made}
            brought = Brought(len(keys), len({key.query_key for key in keys}), len(given) - len(made))
            detail = {"name": base.name, "judgments": brought.judgments, "queries": brought.queries}
            record(tx, self._caller, Action.JUDGMENTS_IMPORT, base.id, detail)
            return brought

    def _made(self, base: KnowledgeBase, said: Graded) -> Judgment:
        query = query_text(said.query)
        if not query or len(query) > _LONGEST_QUERY:
            raise JudgmentUnusable(name="query", expected=f"1 to {_LONGEST_QUERY} characters")
        if said.grade not in GRADES:
            raise JudgmentUnusable(name="grade", expected=", ".join(map(str, GRADES)))
        return Judgment(base.id, query, PaperId(said.paper_id), said.grade, self._caller.user_id, now())

    def _base(self, tx: Transaction) -> KnowledgeBase:
        return access.require(tx, self._caller, self._key, Role.VIEWER)

    def _owns(self, tx: Transaction, base: KnowledgeBase) -> bool:
        return access.require_with_role(tx, self._caller, base.id, Role.VIEWER)[1] is Role.OWNER

    def _whose(self, tx: Transaction, base: KnowledgeBase) -> str | None:
        """Return whose judgments the caller may see; None: everybody's."""
        return None if self._owns(tx, base) else self._caller.user_id


def own_grades(
    catalog: Catalog, caller: Caller, knowledge_bases: Sequence[str], query: str
) -> Mapping[tuple[str, str], int]:
    """Return what the caller said of answers to a query, by (knowledge base id, paper id)."""
    with catalog.read() as tx:
        return judgments.of_query(tx, knowledge_bases, query, caller.user_id)


def _opinions(tx: Transaction, base: KnowledgeBase, found: Sequence[Judgment]) -> tuple[Opinion, ...]:
    records = papers.records(tx, [base.id], sorted({each.paper_id for each in found})) if found else ()
    titles = {record.id: record.metadata.title or record.file_name for record in records}
    names = {COMMAND_LINE.user_id: COMMAND_LINE.name, **(users.names(tx) if found else {})}
    return tuple(
        Opinion(each, titles.get(each.paper_id, each.paper_id), names.get(each.by, "")) for each in found
    )
