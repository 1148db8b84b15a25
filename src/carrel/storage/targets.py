"""What a job's paper is made for: the generation that serves, or one that is being built beside it."""

from dataclasses import replace

from carrel.core.errors import KnowledgeBaseMissing
from carrel.core.jobs import Job
from carrel.core.knowledge_base import ChunkSettings, KnowledgeBase
from carrel.storage import knowledge_bases
from carrel.storage.database import Transaction


def target(tx: Transaction, job: Job) -> KnowledgeBase:
    """Return the job's knowledge base with the settings of the generation that the job is for.

    Raises:
        KnowledgeBaseMissing: it is gone, or that generation is.
    """
    serving = knowledge_bases.by_id(tx, job.knowledge_base_id)
    if not job.generation:
        return serving
    row = tx.row(
        "SELECT * FROM generations WHERE knowledge_base_id = :id AND generation = :generation",
        id=job.knowledge_base_id,
        generation=job.generation,
    )
    if row is None:
        raise KnowledgeBaseMissing(name=serving.name)
    return replace(
        serving,
        generation=job.generation,
        embedder=row["embedder"],
        dimensions=row["dimensions"],
        parser=row["parser"],
        chunking=ChunkSettings(
            row["chunk_size"], row["chunk_overlap"], references=bool(row["chunk_references"])
        ),
    )
