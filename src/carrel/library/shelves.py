"""Knowledge bases by name, and what they hold. The one place that decides who may see what.

Until accounts exist there is one user, who may see and change everything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from carrel.core.engine_errors import EmbedderFixed
from carrel.core.errors import (
    AmbiguousPaperId,
    InvalidSetting,
    KnowledgeBaseMissing,
    PaperIdTooShort,
    PaperMissing,
    ParserFixed,
)
from carrel.core.ids import PaperId, new_knowledge_base_id
from carrel.core.jobs import Job, JobState
from carrel.core.knowledge_base import DEFAULT_EMBEDDER, DEFAULT_PARSER, ChunkSettings, KnowledgeBase
from carrel.core.paper import Passage
from carrel.core.ranking import PaperRecord, published_first
from carrel.storage import generations, knowledge_bases, papers, passages, queue, versions
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


class Shelves:
    """Knowledge bases and their papers, over the catalog."""

    def __init__(self, catalog: Catalog, embedder: str = DEFAULT_EMBEDDER) -> None:
        """Take the catalog, and the model of new knowledge bases."""
        self._catalog = catalog
        self._embedder = embedder

    def create(
        self,
        name: str,
        description: str = "",
        chunking: ChunkSettings | None = None,
        parser: str = DEFAULT_PARSER,
        embedder: str | None = None,
        dimensions: int = 0,
    ) -> KnowledgeBase:
        """Create an empty knowledge base. Parser, embedder, dimensions are possible: the caller has looked.

        Raises:
            KnowledgeBaseExists: the name is taken.
            InvalidSetting: the name is empty, too long or not printable.
        """
        knowledge_base = KnowledgeBase(
            id=new_knowledge_base_id(),
            name=_checked_name(name),
            description=description,
            chunking=chunking or ChunkSettings(),
            parser=parser,
            embedder=embedder or self._embedder,
            dimensions=dimensions,
        )
        with self._catalog.write() as tx:
            knowledge_bases.create(tx, knowledge_base)
        return knowledge_base

    def existing_or_new(self, name: str) -> KnowledgeBase:
        """Return the knowledge base of that name, created with the defaults where there is none."""
        name = _checked_name(name)
        with self._catalog.write() as tx:
            try:
                return knowledge_bases.by_name(tx, name)
            except KnowledgeBaseMissing:
                knowledge_bases.create(
                    tx, KnowledgeBase(new_knowledge_base_id(), name, embedder=self._embedder)
                )
                return knowledge_bases.by_name(tx, name)

    def readable(self, names: Sequence[str] = ()) -> tuple[KnowledgeBase, ...]:
        """Return the knowledge bases of these names, or all that may be read where none is named.

        Raises:
            KnowledgeBaseMissing: one of the names is not there.
        """
        with self._catalog.read() as tx:
            if not names:
                return knowledge_bases.all_of_them(tx)
            return tuple(knowledge_bases.by_name(tx, name) for name in dict.fromkeys(names))

    def configure(
        self,
        name: str,
        rename: str | None,
        description: str | None,
        parser: str | None = None,
        embedder: str | None = None,
        dimensions: int | None = None,
    ) -> KnowledgeBase:
        """Change a knowledge base's settings; None leaves one as it is.

        Dimensions of one that holds papers stay: they need another index (``ingest/reindex.py``). For
        another embedder or other dimensions the caller owns the index, so that nothing is on its way.

        Raises:
            KnowledgeBaseMissing, KnowledgeBaseExists, InvalidSetting: as ``create``.
            ParserFixed, EmbedderFixed: it holds papers, or one is being read, and another one is asked for.
        """
        with self._catalog.write() as tx:
            present = knowledge_bases.by_name(tx, name)
            new_name = _checked_name(rename) if rename is not None else present.name
            new_description = description if description is not None else present.description
            wanted = replace(present, parser=parser or present.parser, embedder=embedder or present.embedder)
            if not present.papers and dimensions is not None:
                wanted = replace(wanted, dimensions=dimensions)
            if wanted != present:
                _check_free(tx, present, wanted)
            knowledge_bases.configure(tx, name, new_name, new_description, wanted.parser, wanted.embedder)
            if (wanted.embedder, wanted.dimensions) != (present.embedder, present.dimensions):
                # An index that once held papers is of another space than the next ones will be.
                generations.swap(tx, present, replace(wanted, generation=present.generation + 1))
            return knowledge_bases.by_name(tx, new_name)

    def delete(self, name: str) -> KnowledgeBase:
        """Delete a knowledge base, and its papers where no other one holds them.

        Gone for every search when this returns; its index and files follow (``cleaning``).
        """
        with self._catalog.write() as tx:
            knowledge_base = knowledge_bases.by_name(tx, name)
            papers.forget_unreferenced(tx, knowledge_bases.delete(tx, knowledge_base))
        return knowledge_base

    def delete_if_empty(self, knowledge_base: KnowledgeBase) -> None:
        """Delete a knowledge base unless something was added to it meanwhile."""
        with self._catalog.write() as tx:
            present = knowledge_bases.by_id(tx, knowledge_base.id)
            if present.papers == 0 and not queue.any_of(tx, present):
                knowledge_bases.delete(tx, present)

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
        return paper, file_name


def _check_free(tx: Transaction, present: KnowledgeBase, wanted: KnowledgeBase) -> None:
    """Raise where papers were read by the present parser or embedded by the present model."""
    reading = any(job.state is JobState.RUNNING for job in queue.waiting(tx, [present.id]))
    if not present.papers and not reading:
        return
    if wanted.parser != present.parser:
        raise ParserFixed(name=present.name, parser=present.parser, wanted=wanted.parser)
    if wanted.embedder != present.embedder:
        raise EmbedderFixed(name=present.name, model=present.embedder, wanted=wanted.embedder)


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
