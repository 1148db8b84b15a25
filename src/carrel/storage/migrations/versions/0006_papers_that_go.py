"""Indexes by paper: whether a passage or a generation still has a paper is asked whenever one is deleted."""

from carrel.storage.migrations import portable

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STATEMENTS = (
    # The database itself looks for a paper's passages, in whatever knowledge base, and without this reads
    # all that there are for every paper that goes.
    "CREATE INDEX passages_of_papers ON passages (paper_id)",
    "CREATE INDEX built_by_paper ON built (paper_id)",
)


def upgrade() -> None:
    """Make the indexes."""
    portable.execute(STATEMENTS)
