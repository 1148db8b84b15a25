"""How much meaning counts against words in each generation of a knowledge base, as it was found out."""

from carrel.storage.migrations import portable

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = (
    # What each is: core/calibration.py.
    """
    CREATE TABLE calibrations (
        knowledge_base_id VARCHAR(32) NOT NULL REFERENCES knowledge_bases (id),
        generation INTEGER NOT NULL,
        share REAL NOT NULL,
        usual_share REAL NOT NULL,
        sentences INTEGER NOT NULL,
        judged INTEGER NOT NULL,
        of_papers INTEGER NOT NULL,
        of_queries INTEGER NOT NULL,
        calibrated_at VARCHAR(32) NOT NULL,
        PRIMARY KEY (knowledge_base_id, generation)
    )
    """,
)


def upgrade() -> None:
    """Make the table."""
    portable.execute(TABLES)
