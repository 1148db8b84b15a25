"""Corrections and tags of papers, within a knowledge base; when one was made searchable the last time."""

from carrel.storage.migrations import portable

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = (
    # What people say of a paper instead of what was read from its file. One row a field.
    """
    CREATE TABLE corrections (
        knowledge_base_id VARCHAR(32) NOT NULL REFERENCES knowledge_bases (id),
        paper_id VARCHAR(32) NOT NULL REFERENCES papers (id),
        field VARCHAR(20) NOT NULL,
        value TEXT NOT NULL,                     -- authors: a JSON list; a year: digits, '': none
        user_id VARCHAR(32) NOT NULL,            -- '': the command line
        user_name VARCHAR(100) NOT NULL,
        corrected_at VARCHAR(32) NOT NULL,
        PRIMARY KEY (knowledge_base_id, paper_id, field)
    )
    """,
    "CREATE INDEX corrections_by_paper ON corrections (paper_id)",
    # Labels that people give papers. ``tag_key``: as they are compared (library/tagging.py).
    """
    CREATE TABLE paper_tags (
        knowledge_base_id VARCHAR(32) NOT NULL REFERENCES knowledge_bases (id),
        paper_id VARCHAR(32) NOT NULL REFERENCES papers (id),
        tag_key VARCHAR(200) NOT NULL,
        label VARCHAR(60) NOT NULL,
        PRIMARY KEY (knowledge_base_id, paper_id, tag_key)
    )
    """,
    "CREATE INDEX paper_tags_by_tag ON paper_tags (knowledge_base_id, tag_key)",
    "CREATE INDEX paper_tags_by_paper ON paper_tags (paper_id)",
    # A paper that is made ready anew keeps the time at which it was added.
    "ALTER TABLE holdings ADD COLUMN published_at VARCHAR(32) NOT NULL DEFAULT ''",
)


def upgrade() -> None:
    """Add what a library catalogue lets people change."""
    portable.execute(TABLES)
