"""How many dimensions a knowledge base's vectors have, and under which keys vectors are cached."""

from carrel.storage.migrations import portable

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE knowledge_bases ADD COLUMN dimensions INTEGER NOT NULL DEFAULT 0",  # 0: the model's own
    # Keys of the vector cache: of the text that was embedded for the passage, and for the whole paper.
    # Empty in rows written before this revision: their texts are embedded anew when they are needed.
    "ALTER TABLE passages ADD COLUMN text_key VARCHAR(32) NOT NULL DEFAULT ''",
    "ALTER TABLE holdings ADD COLUMN about_key VARCHAR(32) NOT NULL DEFAULT ''",
)


def upgrade() -> None:
    """Add the columns; what is there already keeps working."""
    portable.execute(STATEMENTS)
