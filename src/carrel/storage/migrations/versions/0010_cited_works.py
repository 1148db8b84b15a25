"""What papers cite: the references of each as numbers that its works may be looked up by."""

from carrel.storage.migrations import portable

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLES = (
    # Papers read before this revision have no row until they are read again, or their library is re-indexed.
    """
    CREATE TABLE cited_works (
        paper_id VARCHAR(32) NOT NULL PRIMARY KEY REFERENCES papers (id),
        keys BLOB NOT NULL              -- 64-bit integers, little-endian, ascending
    )
    """,
)


def upgrade() -> None:
    """Create the table, empty."""
    portable.execute(TABLES)
