"""What deleted knowledge bases and ended generations leave in the catalog, deleted a batch a transaction.

Nobody sees these rows any more; deleting half a million of them at once would keep everybody else from
writing for half a minute. The notes in ``removals`` say what is left: killed anywhere, it goes on.
"""

from carrel.core.ids import PaperId
from carrel.storage import papers, passages, removals, vector_keys
from carrel.storage.database import Transaction
from carrel.storage.removals import Removal, What

PASSAGES_A_BATCH = 500
PAPERS_A_BATCH = 50


def any_left(tx: Transaction) -> bool:
    """Whether there is something to delete."""
    return bool(_noted(tx, What.ROWS, 1) or _noted(tx, What.PAPER, 1))


def delete_some(tx: Transaction) -> bool:
    """Delete a batch, passages before the papers that they are of; return whether there may be more."""
    for key in _noted(tx, What.ROWS, 1):
        if not _delete_passages(tx, key):
            removals.cross_out(tx, Removal(What.ROWS, key))
        return True
    found = _noted(tx, What.PAPER, PAPERS_A_BATCH)
    for paper in found:
        removals.cross_out(tx, Removal(What.PAPER, paper))
    papers.forget_unreferenced(tx, found)
    return bool(found)


def _delete_passages(tx: Transaction, key: str) -> bool:
    """Delete a batch of a generation's passages and note their vectors; return whether there were any."""
    knowledge_base, _, number = key.partition("/")
    generation = int(number)
    # Paper by paper: what was written together lies together, which is four times as fast.
    rows = tx.rows(
        """
        SELECT paper_id, ordinal FROM passages WHERE knowledge_base_id = :id AND generation = :generation
        ORDER BY paper_id, ordinal LIMIT :limit
        """,
        id=knowledge_base,
        generation=generation,
        limit=PASSAGES_A_BATCH,
    )
    if not rows:
        return False
    paper, ordinal = PaperId(rows[-1]["paper_id"]), int(rows[-1]["ordinal"])
    vector_keys.note_passages(tx, knowledge_base, generation, paper, ordinal)
    passages.delete_up_to(tx, knowledge_base, generation, paper, ordinal)
    return True


def _noted(tx: Transaction, what: What, limit: int) -> tuple[str, ...]:
    rows = tx.rows(
        "SELECT key FROM removals WHERE what = :what ORDER BY key LIMIT :limit", what=what, limit=limit
    )
    return tuple(row["key"] for row in rows)
