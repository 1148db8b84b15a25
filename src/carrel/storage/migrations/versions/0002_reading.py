"""What is known of how a paper was read: keywords, evidence, quality; and each base's parser."""

from carrel.storage.migrations import portable

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE papers ADD COLUMN keywords TEXT NOT NULL DEFAULT '[]'",  # JSON list of strings
    "ALTER TABLE papers ADD COLUMN evidence TEXT NOT NULL DEFAULT '{}'",  # JSON: field → [source, confidence]
    "ALTER TABLE papers ADD COLUMN quality TEXT NOT NULL DEFAULT ''",  # JSON object; empty: not known
    "ALTER TABLE knowledge_bases ADD COLUMN chunk_references INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE knowledge_bases ADD COLUMN parser VARCHAR(40) NOT NULL DEFAULT 'pdfium'",
    # The paragraph a passage begins in, from 1: the place to name in a file without pages.
    "ALTER TABLE passages ADD COLUMN paragraph INTEGER NOT NULL DEFAULT 1",
)


def upgrade() -> None:
    """Add the columns; what is there already keeps working."""
    portable.execute(STATEMENTS)
