"""The server: jobs with leases, generations beside each other, accounts, endpoints, and who did what."""

from alembic import op

from carrel.storage.migrations import portable

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Names are unique for each of those who make knowledge bases: a taken name must not tell that somebody
# else has one. SQLite cannot drop a constraint, so the table is made anew there.
KNOWLEDGE_BASES = (
    """
    CREATE TABLE knowledge_bases_next (
        id VARCHAR(32) PRIMARY KEY,
        name VARCHAR(200) NOT NULL,
        description TEXT NOT NULL,
        domain VARCHAR(40) NOT NULL,
        embedder VARCHAR(200) NOT NULL,
        chunk_size INTEGER NOT NULL,
        chunk_overlap INTEGER NOT NULL,
        generation INTEGER NOT NULL,
        created_at VARCHAR(32) NOT NULL,
        chunk_references INTEGER NOT NULL DEFAULT 0,
        parser VARCHAR(40) NOT NULL DEFAULT 'pdfium',
        dimensions INTEGER NOT NULL DEFAULT 0,
        created_by VARCHAR(32) NOT NULL DEFAULT '',  -- user; '': the command line
        paused INTEGER NOT NULL DEFAULT 0            -- 1: none of its jobs is claimed
    )
    """,
    """
    INSERT INTO knowledge_bases_next
    SELECT id, name, description, domain, embedder, chunk_size, chunk_overlap, generation, created_at,
        chunk_references, parser, dimensions, '', 0
    FROM knowledge_bases
    """,
    "DROP TABLE knowledge_bases",
    "ALTER TABLE knowledge_bases_next RENAME TO knowledge_bases",
)
KNOWLEDGE_BASES_IN_PLACE = (
    "ALTER TABLE knowledge_bases DROP CONSTRAINT knowledge_bases_name_key",
    "ALTER TABLE knowledge_bases ADD COLUMN created_by VARCHAR(32) NOT NULL DEFAULT ''",
    "ALTER TABLE knowledge_bases ADD COLUMN paused INTEGER NOT NULL DEFAULT 0",
)

TABLES = (
    "CREATE UNIQUE INDEX knowledge_bases_by_name ON knowledge_bases (created_by, name)",
    # Jobs: one a paper, knowledge base and generation that is being built (0: the one that serves).
    """
    CREATE TABLE jobs_next (
        id VARCHAR(32) PRIMARY KEY,
        number BIGINT NOT NULL,              -- order of arrival
        knowledge_base_id VARCHAR(32) NOT NULL REFERENCES knowledge_bases (id),
        paper_id VARCHAR(32) NOT NULL REFERENCES papers (id),
        file_name TEXT NOT NULL,
        state VARCHAR(12) NOT NULL,
        error_kind VARCHAR(60) NOT NULL,
        error_message TEXT NOT NULL,
        updated_at VARCHAR(32) NOT NULL,
        generation INTEGER NOT NULL DEFAULT 0,
        turn BIGINT NOT NULL DEFAULT 0,      -- order of work: see storage/queue.py
        attempts INTEGER NOT NULL DEFAULT 0,
        not_before VARCHAR(32) NOT NULL DEFAULT '',
        worker VARCHAR(100) NOT NULL DEFAULT '',
        lease_until VARCHAR(32) NOT NULL DEFAULT '',
        stage VARCHAR(12) NOT NULL DEFAULT '',
        done INTEGER NOT NULL DEFAULT 0,     -- passages embedded
        total INTEGER NOT NULL DEFAULT 0,    -- passages
        pages INTEGER NOT NULL DEFAULT 0,
        created_by VARCHAR(32) NOT NULL DEFAULT '',
        created_at VARCHAR(32) NOT NULL DEFAULT '',
        UNIQUE (knowledge_base_id, paper_id, generation)
    )
    """,
    """
    INSERT INTO jobs_next (id, number, knowledge_base_id, paper_id, file_name, state, error_kind,
        error_message, updated_at, turn, created_at)
    SELECT id, number, knowledge_base_id, paper_id, file_name, state, error_kind, error_message, updated_at,
        number, updated_at
    FROM jobs
    """,
    "DROP TABLE jobs",
    "ALTER TABLE jobs_next RENAME TO jobs",
    "CREATE INDEX jobs_by_turn ON jobs (state, turn, number)",
    "CREATE INDEX jobs_by_number ON jobs (number)",
    "CREATE INDEX jobs_by_change ON jobs (updated_at)",
    "CREATE INDEX jobs_by_paper ON jobs (paper_id)",
    # What a worker has made of a paper and the owner of the index has not taken yet.
    """
    CREATE TABLE handovers (
        job_id VARCHAR(32) NOT NULL REFERENCES jobs (id),
        ordinal INTEGER NOT NULL,
        payload BLOB NOT NULL,
        PRIMARY KEY (job_id, ordinal)
    )
    """,
    # Generations that are being built or were kept, and how each was or is built. That which serves has
    # its settings in knowledge_bases, and a row here once another one was begun.
    """
    CREATE TABLE generations (
        knowledge_base_id VARCHAR(32) NOT NULL REFERENCES knowledge_bases (id),
        generation INTEGER NOT NULL,
        state VARCHAR(12) NOT NULL,
        embedder VARCHAR(200) NOT NULL,
        dimensions INTEGER NOT NULL,
        chunk_size INTEGER NOT NULL,
        chunk_overlap INTEGER NOT NULL,
        chunk_references INTEGER NOT NULL,
        parser VARCHAR(40) NOT NULL,
        started_by VARCHAR(32) NOT NULL,
        started_at VARCHAR(32) NOT NULL,
        finished_at VARCHAR(32) NOT NULL,
        error_kind VARCHAR(60) NOT NULL,
        error_message TEXT NOT NULL,
        PRIMARY KEY (knowledge_base_id, generation)
    )
    """,
    # Which cached vectors are still of use is asked by their texts' keys.
    "CREATE INDEX passages_by_text ON passages (text_key)",
    # A paper that is whole in a generation which does not serve.
    """
    CREATE TABLE built (
        knowledge_base_id VARCHAR(32) NOT NULL,
        generation INTEGER NOT NULL,
        paper_id VARCHAR(32) NOT NULL REFERENCES papers (id),
        passages INTEGER NOT NULL,
        about_key VARCHAR(32) NOT NULL,
        PRIMARY KEY (knowledge_base_id, generation, paper_id)
    )
    """,
    """
    CREATE TABLE users (
        id VARCHAR(32) PRIMARY KEY,
        name VARCHAR(100) NOT NULL,
        name_key VARCHAR(100) NOT NULL UNIQUE,   -- folded: names that look alike are one
        password_hash VARCHAR(300) NOT NULL,     -- Argon2id
        administrator INTEGER NOT NULL,
        disabled INTEGER NOT NULL,
        must_change INTEGER NOT NULL,            -- 1: the password was set by somebody else
        created_at VARCHAR(32) NOT NULL,
        signed_in_at VARCHAR(32) NOT NULL
    )
    """,
    """
    CREATE TABLE sessions (
        token_hash VARCHAR(64) PRIMARY KEY,
        user_id VARCHAR(32) NOT NULL REFERENCES users (id),
        csrf_token VARCHAR(64) NOT NULL,
        created_at VARCHAR(32) NOT NULL,
        seen_at VARCHAR(32) NOT NULL,
        expires_at VARCHAR(32) NOT NULL,
        address VARCHAR(64) NOT NULL,
        agent VARCHAR(200) NOT NULL
    )
    """,
    "CREATE INDEX sessions_by_user ON sessions (user_id)",
    """
    CREATE TABLE api_keys (
        id VARCHAR(32) PRIMARY KEY,
        user_id VARCHAR(32) NOT NULL REFERENCES users (id),
        name VARCHAR(100) NOT NULL,
        token_hash VARCHAR(64) NOT NULL UNIQUE,
        hint VARCHAR(12) NOT NULL,               -- its first characters, to tell keys apart
        scopes TEXT NOT NULL,                    -- JSON list of strings
        created_at VARCHAR(32) NOT NULL,
        expires_at VARCHAR(32) NOT NULL,         -- '': never
        used_at VARCHAR(32) NOT NULL,
        revoked_at VARCHAR(32) NOT NULL
    )
    """,
    "CREATE INDEX api_keys_by_user ON api_keys (user_id)",
    """
    CREATE TABLE members (
        knowledge_base_id VARCHAR(32) NOT NULL REFERENCES knowledge_bases (id),
        user_id VARCHAR(32) NOT NULL REFERENCES users (id),
        role VARCHAR(12) NOT NULL,
        PRIMARY KEY (knowledge_base_id, user_id)
    )
    """,
    "CREATE INDEX members_by_user ON members (user_id)",
    # Failed attempts to sign in, by name and by address.
    """
    CREATE TABLE sign_in_failures (
        key VARCHAR(200) PRIMARY KEY,
        failures INTEGER NOT NULL,
        last_at VARCHAR(32) NOT NULL
    )
    """,
    """
    CREATE TABLE audit (
        number BIGINT PRIMARY KEY,
        at VARCHAR(32) NOT NULL,
        user_id VARCHAR(32) NOT NULL,            -- '': the command line
        user_name VARCHAR(100) NOT NULL,
        action VARCHAR(60) NOT NULL,
        subject VARCHAR(200) NOT NULL,
        detail TEXT NOT NULL,                    -- JSON object of strings
        address VARCHAR(64) NOT NULL
    )
    """,
    "CREATE INDEX audit_by_time ON audit (at)",
    # What administrators set while the server runs. ``secret``: the value is encrypted.
    """
    CREATE TABLE server_settings (
        name VARCHAR(60) PRIMARY KEY,
        value TEXT NOT NULL,
        secret INTEGER NOT NULL
    )
    """,
    # Servers of models beside the one in the settings.
    """
    CREATE TABLE endpoints (
        id VARCHAR(32) PRIMARY KEY,
        purpose VARCHAR(12) NOT NULL,            -- "embedder" or "reranker"
        model VARCHAR(200) NOT NULL,
        url TEXT NOT NULL,
        api_key TEXT NOT NULL,                   -- encrypted; '': none
        options TEXT NOT NULL,                   -- JSON object: profile, templates, limits
        updated_at VARCHAR(32) NOT NULL,
        UNIQUE (purpose, model)
    )
    """,
)


def upgrade() -> None:
    """Add what a server needs; what is there already keeps working."""
    in_place = op.get_bind().dialect.name != "sqlite"
    portable.execute((*(KNOWLEDGE_BASES_IN_PLACE if in_place else KNOWLEDGE_BASES), *TABLES))
