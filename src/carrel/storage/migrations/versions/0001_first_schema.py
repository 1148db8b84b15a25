"""The first schema: knowledge bases, papers, holdings, passages, jobs, removals."""

from carrel.storage.migrations import portable

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE knowledge_bases (
        id VARCHAR(32) PRIMARY KEY,
        name VARCHAR(200) NOT NULL UNIQUE,
        description TEXT NOT NULL,
        domain VARCHAR(40) NOT NULL,
        embedder VARCHAR(200) NOT NULL,
        chunk_size INTEGER NOT NULL,
        chunk_overlap INTEGER NOT NULL,
        generation INTEGER NOT NULL,
        created_at VARCHAR(32) NOT NULL
    )
    """,
    # A paper is its bytes. What was read from them is here too: it is the same for everyone.
    """
    CREATE TABLE papers (
        id VARCHAR(32) PRIMARY KEY,
        sha256 VARCHAR(64) NOT NULL UNIQUE,
        bytes BIGINT NOT NULL,
        pages INTEGER NOT NULL,
        title TEXT NOT NULL,
        authors TEXT NOT NULL,          -- JSON list of strings
        abstract TEXT NOT NULL,
        year INTEGER,
        venue TEXT NOT NULL,
        doi TEXT NOT NULL,
        arxiv_id TEXT NOT NULL,
        language VARCHAR(8) NOT NULL
    )
    """,
    # A paper is searchable in a knowledge base exactly when it has a row here.
    """
    CREATE TABLE holdings (
        knowledge_base_id VARCHAR(32) NOT NULL REFERENCES knowledge_bases (id),
        paper_id VARCHAR(32) NOT NULL REFERENCES papers (id),
        file_name TEXT NOT NULL,
        passages INTEGER NOT NULL,
        added_at VARCHAR(32) NOT NULL,
        PRIMARY KEY (knowledge_base_id, paper_id)
    )
    """,
    "CREATE INDEX holdings_by_paper ON holdings (paper_id)",
    """
    CREATE TABLE passages (
        knowledge_base_id VARCHAR(32) NOT NULL,
        generation INTEGER NOT NULL,
        id VARCHAR(32) NOT NULL,
        paper_id VARCHAR(32) NOT NULL REFERENCES papers (id),
        ordinal INTEGER NOT NULL,       -- in reading order, from 0
        first INTEGER NOT NULL,         -- character offsets into the paper's text
        past INTEGER NOT NULL,
        section TEXT NOT NULL,
        pages TEXT NOT NULL,            -- JSON list of page numbers, the main one first
        boxes TEXT NOT NULL,            -- JSON list of [page, x0, y0, x1, y1] in points
        text TEXT NOT NULL,
        PRIMARY KEY (knowledge_base_id, generation, id)
    )
    """,
    "CREATE INDEX passages_by_paper ON passages (knowledge_base_id, paper_id, generation, ordinal)",
    """
    CREATE TABLE jobs (
        id VARCHAR(32) PRIMARY KEY,
        number INTEGER NOT NULL,        -- order of arrival
        knowledge_base_id VARCHAR(32) NOT NULL REFERENCES knowledge_bases (id),
        paper_id VARCHAR(32) NOT NULL REFERENCES papers (id),
        file_name TEXT NOT NULL,
        state VARCHAR(12) NOT NULL,
        error_kind VARCHAR(60) NOT NULL,
        error_message TEXT NOT NULL,
        updated_at VARCHAR(32) NOT NULL,
        UNIQUE (knowledge_base_id, paper_id)
    )
    """,
    "CREATE INDEX jobs_by_state ON jobs (state, number)",
    "CREATE INDEX jobs_by_paper ON jobs (paper_id)",
    # What is to be deleted outside the catalog, written in the transaction that makes it
    # unreferenced, so that a crash between the two leaves a note and no orphan.
    """
    CREATE TABLE removals (
        what VARCHAR(12) NOT NULL,      -- "file", "points" or "index"
        key VARCHAR(140) NOT NULL,
        PRIMARY KEY (what, key)
    )
    """,
)


def upgrade() -> None:
    """Create every table."""
    portable.execute(TABLES)
