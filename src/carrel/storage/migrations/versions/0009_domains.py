"""What each generation of a knowledge base reads its files as: its domain."""

from carrel.storage.migrations import portable

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = (
    # '': as the knowledge base is; generations of before knew no other.
    "ALTER TABLE generations ADD COLUMN domain VARCHAR(40) NOT NULL DEFAULT ''",
)


def upgrade() -> None:
    """Let the domain be changed with another index."""
    portable.execute(TABLES)
