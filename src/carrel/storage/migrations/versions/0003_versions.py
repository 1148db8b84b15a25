"""Which papers are versions of one: what each is recognised by, and which pairs were recognised."""

from carrel.storage.migrations import portable

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = (
    # What a paper is recognised by. Papers read before this revision have no row until they are read again.
    """
    CREATE TABLE likenesses (
        number INTEGER PRIMARY KEY,     -- stands for the paper in likeness_keys: a tenth of its id's size
        paper_id VARCHAR(32) NOT NULL UNIQUE REFERENCES papers (id),
        sketch BLOB NOT NULL,           -- 256 places of 16 bits; empty: too little text
        pieces INTEGER NOT NULL,
        title TEXT NOT NULL,
        surnames TEXT NOT NULL,         -- JSON list of strings
        identifiers TEXT NOT NULL       -- JSON list of strings
    )
    """,
    # Versions of a paper share a key: they are found by look-up, however many papers there are.
    """
    CREATE TABLE likeness_keys (
        key BIGINT NOT NULL,
        number INTEGER NOT NULL,
        PRIMARY KEY (key, number)
    ) WITHOUT ROWID
    """,
    # Each pair of versions, both ways. Who may see a pair is decided by ``holdings``.
    """
    CREATE TABLE version_links (
        paper_id VARCHAR(32) NOT NULL REFERENCES papers (id),
        other_id VARCHAR(32) NOT NULL,
        PRIMARY KEY (paper_id, other_id)
    ) WITHOUT ROWID
    """,
)


def upgrade() -> None:
    """Create the tables, empty."""
    portable.execute(TABLES)
