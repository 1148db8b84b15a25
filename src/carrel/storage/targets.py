"""What a job's paper is made for: the generation that serves, or one that is being built beside it."""

from carrel.core.jobs import Job
from carrel.core.knowledge_base import KnowledgeBase
from carrel.storage import generations
from carrel.storage.database import Transaction


def target(tx: Transaction, job: Job) -> KnowledgeBase:
    """Return the job's knowledge base with the settings of the generation that the job is for.

    Raises:
        KnowledgeBaseMissing: it is gone, or that generation is.
    """
    return generations.target(tx, job.knowledge_base_id, job.generation)
