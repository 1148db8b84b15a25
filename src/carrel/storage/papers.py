"""Papers in the catalog, and which knowledge base holds which."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from carrel.core.corrections import Correction, corrected
from carrel.core.errors import AmbiguousPaperId, PaperMissing
from carrel.core.handover_format import Head, Piece
from carrel.core.ids import KnowledgeBaseId, PaperId, paper_id
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.metadata import Metadata
from carrel.core.metadata_format import quality_of
from carrel.core.paper import ParsedPaper, Passage
from carrel.core.ranking import PaperRecord
from carrel.storage import corrections, holdings, judgments, passages, readings, removals, tags, versions
from carrel.storage.citing import forget as forget_cited
from carrel.storage.database import Row, Transaction, Value


def register(tx: Transaction, paper: PaperId, sha256: str, size: int) -> None:
    """Record a paper's stored bytes, before anything is known of what they say. Twice is once.

    Other bytes than before take their place: a locked file has been opened. The old ones are noted
    for removal.
    """
    before = tx.row("SELECT sha256 FROM papers WHERE id = :id", id=paper)
    if before is not None and before["sha256"] != sha256:
        tx.run(
            "UPDATE papers SET sha256 = :sha256, bytes = :bytes WHERE id = :id",
            id=paper,
            sha256=sha256,
            bytes=size,
        )
        removals.note_file(tx, before["sha256"])
    tx.run(
        """
        INSERT INTO papers VALUES (
            :id, :sha256, :bytes, 0, :title, :authors, :abstract, :year, :venue, :doi, :arxiv_id, :language,
            :keywords, :evidence, :quality
        ) ON CONFLICT DO NOTHING
        """,
        id=paper,
        sha256=sha256,
        bytes=size,
        quality="",
        **readings.metadata_values(Metadata()),
    )


def publish(
    tx: Transaction,
    knowledge_base: KnowledgeBase,
    paper: PaperId,
    file_name: str,
    parsed: ParsedPaper,
    found: Sequence[Passage],
    text_keys: Sequence[str] = (),
    about_key: str = "",
) -> bool:
    """Make a paper searchable: the row in ``holdings`` decides it. Keys are those of the vector cache.

    Returns whether what is kept of the paper is this reading (``readings.note``).
    """
    added_at = holdings.withdraw_to_renew(tx, knowledge_base, paper)
    reading = readings.Reading(len(parsed.pages), parsed.metadata, parsed.quality)
    noted = readings.note(tx, knowledge_base, paper, reading)
    passages.insert(tx, knowledge_base, found, text_keys)
    holdings.hold(tx, knowledge_base, holdings.Holding(paper, file_name, len(found), about_key, added_at))
    return noted


def publish_ready(
    tx: Transaction,
    knowledge_base: KnowledgeBase,
    paper: PaperId,
    file_name: str,
    head: Head,
    pieces: Iterable[Piece],
) -> bool:
    """Make a paper searchable that a worker has made ready, as ``publish`` does."""
    added_at = holdings.withdraw_to_renew(tx, knowledge_base, paper)
    reading = readings.Reading(head.pages, head.metadata, head.quality)
    noted = readings.note(tx, knowledge_base, paper, reading)
    for piece in pieces:
        passages.insert_ready(tx, knowledge_base, paper, piece.passages)
    holdings.hold(
        tx, knowledge_base, holdings.Holding(paper, file_name, len(head.ids), head.about_key, added_at)
    )
    return noted


def publish_built(
    tx: Transaction, knowledge_base: KnowledgeBase, paper: PaperId, head: Head, pieces: Iterable[Piece]
) -> None:
    """Note that a paper is whole in a generation that is being built: nobody finds it before that serves."""
    passages.delete(tx, knowledge_base, paper)
    for piece in pieces:
        passages.insert_ready(tx, knowledge_base, paper, piece.passages)
    parameters: dict[str, Value] = {
        "knowledge_base": knowledge_base.id,
        "generation": knowledge_base.generation,
        "paper": paper,
    }
    tx.run(
        """
        DELETE FROM built
        WHERE knowledge_base_id = :knowledge_base AND generation = :generation AND paper_id = :paper
        """,
        **parameters,
    )
    tx.run(
        "INSERT INTO built VALUES (:knowledge_base, :generation, :paper, :passages, :about_key)",
        **parameters,
        passages=len(head.ids),
        about_key=head.about_key,
    )
    removals.cross_out_points(tx, knowledge_base, paper)


def remove(tx: Transaction, knowledge_base: KnowledgeBase, paper: PaperId) -> None:
    """Take a paper out of a knowledge base and its generations, be it ready, waiting or failed."""
    holdings.withdraw(tx, knowledge_base, paper)
    passages.delete_everywhere(tx, knowledge_base, paper)
    for statement in (
        """
        DELETE FROM handovers WHERE job_id IN (
            SELECT id FROM jobs WHERE knowledge_base_id = :knowledge_base AND paper_id = :paper
        )
        """,
        "DELETE FROM jobs WHERE knowledge_base_id = :knowledge_base AND paper_id = :paper",
        "DELETE FROM built WHERE knowledge_base_id = :knowledge_base AND paper_id = :paper",
    ):
        tx.run(statement, knowledge_base=knowledge_base.id, paper=paper)
    corrections.forget(tx, paper, knowledge_base.id)
    tags.forget(tx, paper, knowledge_base.id)
    judgments.forget(tx, paper, knowledge_base.id)
    removals.note_points(tx, knowledge_base, paper)


def forget_unreferenced(tx: Transaction, candidates: Iterable[str]) -> None:
    """Delete those papers that no knowledge base holds or awaits, and note their files for removal.

    One that a deleted knowledge base has passages of goes with them (``leftovers``).
    """
    for paper in candidates:
        row = tx.row(
            """
            SELECT sha256 FROM papers WHERE id = :paper
                AND NOT EXISTS (SELECT 1 FROM holdings WHERE paper_id = :paper)
                AND NOT EXISTS (SELECT 1 FROM jobs WHERE paper_id = :paper)
                AND NOT EXISTS (SELECT 1 FROM built WHERE paper_id = :paper)
                AND NOT EXISTS (SELECT 1 FROM passages WHERE paper_id = :paper)
            """,
            paper=paper,
        )
        if row is not None:
            versions.forget(tx, PaperId(paper))
            forget_cited(tx, paper)
            corrections.forget(tx, PaperId(paper))
            tags.forget(tx, PaperId(paper))
            judgments.forget(tx, PaperId(paper))
            tx.run("DELETE FROM papers WHERE id = :paper", paper=paper)
            removals.note_file(tx, row["sha256"])
            if paper_id(row["sha256"]) != paper:  # an unlocked copy: its parse bears another name
                removals.note_parse(tx, PaperId(paper))


def file_known(tx: Transaction, sha256: str) -> bool:
    """Whether some paper has these bytes."""
    return tx.row("SELECT 1 FROM papers WHERE sha256 = :sha256", sha256=sha256) is not None


def any_known(tx: Transaction) -> bool:
    """Whether there is any paper at all, ready or not."""
    return tx.row("SELECT 1 FROM papers LIMIT 1") is not None


def known(tx: Transaction, paper: PaperId) -> bool:
    """Whether there is a paper of this id, ready or not."""
    return tx.row("SELECT 1 FROM papers WHERE id = :id", id=paper) is not None


def with_file(tx: Transaction, sha256: str) -> PaperId | None:
    """Return the paper whose stored bytes these are, if there is one."""
    row = tx.row("SELECT id FROM papers WHERE sha256 = :sha256", sha256=sha256)
    return None if row is None else PaperId(row["id"])


def sha256_of(tx: Transaction, paper: PaperId) -> str:
    """Return the SHA-256 of a paper's stored bytes. Raises PaperMissing."""
    row = tx.row("SELECT sha256 FROM papers WHERE id = :id", id=paper)
    if row is None:
        raise PaperMissing(id=paper)
    return str(row["sha256"])


def holds(tx: Transaction, knowledge_base: KnowledgeBase, paper: PaperId) -> bool:
    """Whether the paper is searchable in the knowledge base."""
    row = tx.row(
        "SELECT 1 FROM holdings WHERE knowledge_base_id = :knowledge_base AND paper_id = :paper",
        knowledge_base=knowledge_base.id,
        paper=paper,
    )
    return row is not None


def records(
    tx: Transaction, knowledge_base_ids: Sequence[KnowledgeBaseId], only: Sequence[PaperId] | None = None
) -> tuple[PaperRecord, ...]:
    """Return the searchable papers of these knowledge bases, oldest first; ``only`` these where given."""
    chosen = "" if only is None else "AND papers.id IN :only"
    rows = tx.rows(
        f"""
        SELECT papers.*, holdings.knowledge_base_id, holdings.file_name
        FROM holdings JOIN papers ON papers.id = holdings.paper_id
        WHERE holdings.knowledge_base_id IN :knowledge_bases {chosen}
        ORDER BY holdings.added_at, papers.id, holdings.knowledge_base_id
        """,  # noqa: S608  # the inserted part is one of two constants
        knowledge_bases=knowledge_base_ids,
        **({} if only is None else {"only": only}),
    )
    return records_of(tx, rows, knowledge_base_ids, only)


def titles_and_abstracts(
    tx: Transaction, knowledge_base_ids: Sequence[KnowledgeBaseId], ids: Sequence[PaperId]
) -> dict[str, str]:
    """Return what these papers are about, by id; a title as it was corrected in one of the bases."""
    rows = tx.rows("SELECT id, title, abstract FROM papers WHERE id IN :ids", ids=ids)
    titles = {
        paper: each.value
        for (_, paper), made in corrections.of_papers(tx, knowledge_base_ids, ids).items()
        for each in made
        if each.field == "title"
    }
    return {row["id"]: f"{titles.get(row['id'], row['title'])}\n{row['abstract']}" for row in rows}


@dataclass(frozen=True, slots=True)
class Named:
    """A searchable paper by what others cite it by, as corrected where it was."""

    id: PaperId
    title: str
    doi: str
    arxiv_id: str


def named(tx: Transaction, knowledge_base_ids: Sequence[KnowledgeBaseId]) -> tuple[Named, ...]:
    """Return the names of all papers of these knowledge bases; one for each base that holds a paper."""
    rows = tx.rows(
        """
        SELECT papers.id, coalesce(titles.value, papers.title) AS title,
            coalesce(dois.value, papers.doi) AS doi, papers.arxiv_id
        FROM holdings JOIN papers ON papers.id = holdings.paper_id
        LEFT JOIN corrections AS titles ON titles.knowledge_base_id = holdings.knowledge_base_id
            AND titles.paper_id = papers.id AND titles.field = 'title'
        LEFT JOIN corrections AS dois ON dois.knowledge_base_id = holdings.knowledge_base_id
            AND dois.paper_id = papers.id AND dois.field = 'doi'
        WHERE holdings.knowledge_base_id IN :knowledge_bases
        """,
        knowledge_bases=knowledge_base_ids,
    )
    return tuple(Named(PaperId(row["id"]), row["title"], row["doi"], row["arxiv_id"]) for row in rows)


def passage_counts(tx: Transaction, knowledge_base: KnowledgeBase) -> dict[str, int]:
    """Return the number of passages of each paper that the knowledge base holds."""
    rows = tx.rows(
        "SELECT paper_id, passages FROM holdings WHERE knowledge_base_id = :id", id=knowledge_base.id
    )
    return {row["paper_id"]: row["passages"] for row in rows}


def find(tx: Transaction, knowledge_base_ids: Sequence[KnowledgeBaseId], prefix: str) -> PaperRecord:
    """Return the paper whose id begins with ``prefix``, in any of these knowledge bases.

    Raises:
        PaperMissing: there is none.
        AmbiguousPaperId: there are several.
    """
    rows = tx.rows(
        """
        SELECT DISTINCT paper_id FROM holdings
        WHERE knowledge_base_id IN :ids AND substr(paper_id, 1, :length) = :prefix LIMIT 100
        """,
        ids=knowledge_base_ids,
        length=len(prefix),
        prefix=prefix,
    )
    if not prefix or not rows:
        raise PaperMissing(id=prefix)
    if len(rows) > 1:
        raise AmbiguousPaperId(id=prefix, count=len(rows))
    return records(tx, knowledge_base_ids, [PaperId(rows[0]["paper_id"])])[0]


def beginning(
    tx: Transaction, knowledge_base_ids: Sequence[KnowledgeBaseId], prefix: str
) -> dict[PaperId, str]:
    """Return the file names of the papers, ready or not, whose ids begin with ``prefix``."""
    rows = tx.rows(
        """
        SELECT paper_id, file_name FROM holdings
        WHERE knowledge_base_id IN :ids AND substr(paper_id, 1, :length) = :prefix
        UNION ALL
        SELECT paper_id, file_name FROM jobs
        WHERE knowledge_base_id IN :ids AND substr(paper_id, 1, :length) = :prefix
        """,
        ids=knowledge_base_ids,
        length=len(prefix),
        prefix=prefix,
    )
    return {PaperId(row["paper_id"]): row["file_name"] for row in rows}


def records_of(
    tx: Transaction,
    rows: Sequence[Row],
    knowledge_base_ids: Sequence[KnowledgeBaseId],
    only: Sequence[PaperId] | None,
) -> tuple[PaperRecord, ...]:
    """Return the papers that rows of papers and holdings say, with what people say of them in the bases."""
    made = corrections.of_papers(tx, knowledge_base_ids, only)
    labels = tags.of_papers(tx, knowledge_base_ids, only)
    keys = [(row["knowledge_base_id"], row["id"]) for row in rows]
    return tuple(
        _record(row, made.get(key, ()), labels.get(key, ())) for row, key in zip(rows, keys, strict=True)
    )


def _record(row: Row, made: tuple[Correction, ...], labels: tuple[str, ...]) -> PaperRecord:
    metadata = readings.metadata_of(row)
    return PaperRecord(
        PaperId(row["id"]),
        KnowledgeBaseId(row["knowledge_base_id"]),
        corrected(metadata, made),
        row["file_name"],
        row["pages"],
        quality_of(json.loads(row["quality"])) if row["quality"] else None,
        made,
        metadata if made else None,
        labels,
    )
