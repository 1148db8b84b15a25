"""Judgments of papers as answers to queries, within a knowledge base."""

from carrel.storage.migrations import portable

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = (
    # What each person last said. ``query_key``: the query as it is compared (storage/judgments.py).
    """
    CREATE TABLE judgments (
        knowledge_base_id VARCHAR(32) NOT NULL REFERENCES knowledge_bases (id),
        query_key VARCHAR(32) NOT NULL,
        paper_id VARCHAR(32) NOT NULL REFERENCES papers (id),
        user_id VARCHAR(32) NOT NULL,            -- '': the command line
        query TEXT NOT NULL,
        grade INTEGER NOT NULL,                  -- 0 not relevant, 1 relevant, 2 this is the paper
        judged_at VARCHAR(32) NOT NULL,
        PRIMARY KEY (knowledge_base_id, query_key, paper_id, user_id)
    )
    """,
    "CREATE INDEX judgments_by_paper ON judgments (paper_id)",
    "CREATE INDEX judgments_by_user ON judgments (user_id)",
)


def upgrade() -> None:
    """Make the table."""
    portable.execute(TABLES)
