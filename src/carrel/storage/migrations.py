"""The schema of the catalog database, one script per version."""

from __future__ import annotations

_FIRST = """
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE collection (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    shared INTEGER NOT NULL CHECK (shared IN (0, 1)),
    owner TEXT NOT NULL
);
CREATE UNIQUE INDEX collection_shared_name ON collection (name) WHERE shared = 1;
CREATE UNIQUE INDEX collection_private_name ON collection (owner, name) WHERE shared = 0;

CREATE TABLE document (
    id TEXT PRIMARY KEY,
    collection_id TEXT NOT NULL REFERENCES collection (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'ready', 'failed')),
    added_at TEXT NOT NULL,
    pages INTEGER,
    chunks INTEGER NOT NULL DEFAULT 0,
    reason TEXT
);
CREATE INDEX document_by_name ON document (collection_id, name);

CREATE TABLE chunk (
    id TEXT PRIMARY KEY,
    document_id TEXT NOT NULL REFERENCES document (id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    text TEXT NOT NULL,
    page INTEGER,
    heading TEXT,
    start_offset INTEGER NOT NULL,
    end_offset INTEGER NOT NULL
);
CREATE UNIQUE INDEX chunk_by_document ON chunk (document_id, ordinal);

CREATE TABLE conversation (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    owner TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE INDEX conversation_by_owner ON conversation (owner, updated_at);

CREATE TABLE turn (
    id INTEGER PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    content TEXT NOT NULL,
    sources TEXT NOT NULL,
    model TEXT
);
CREATE INDEX turn_by_conversation ON turn (conversation_id);
"""

_JOBS = """
ALTER TABLE document ADD COLUMN reading TEXT NOT NULL DEFAULT '';
CREATE INDEX document_by_content ON document (sha256);

CREATE TABLE job (
    id TEXT PRIMARY KEY,
    collection_id TEXT NOT NULL REFERENCES collection (id) ON DELETE CASCADE,
    account TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'finished', 'cancelled')),
    created_at TEXT NOT NULL,
    ended_at TEXT,
    web TEXT
);
CREATE INDEX job_by_collection ON job (collection_id);

CREATE TABLE job_file (
    job_id TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    name TEXT NOT NULL,
    path BLOB NOT NULL,
    outcome TEXT,
    document_id TEXT REFERENCES document (id) ON DELETE CASCADE,
    code TEXT,
    reason TEXT,
    PRIMARY KEY (job_id, ordinal)
) WITHOUT ROWID;
CREATE INDEX job_file_by_document ON job_file (document_id);
"""

_FOLDERS = """
CREATE TABLE folder_file (
    folder TEXT NOT NULL,
    document_id TEXT NOT NULL REFERENCES document (id) ON DELETE CASCADE,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    brought INTEGER NOT NULL CHECK (brought IN (0, 1)),
    PRIMARY KEY (document_id, folder)
) WITHOUT ROWID;
"""

_EMBEDDERS = """
ALTER TABLE collection ADD COLUMN embedder TEXT;
UPDATE collection SET embedder = (SELECT value FROM meta WHERE key = 'embedder');
DELETE FROM meta WHERE key = 'embedder';
"""

_LEAVING = """
CREATE TABLE leaving_collection (id TEXT PRIMARY KEY) WITHOUT ROWID;
"""

_CHAT_SEARCH = """
ALTER TABLE conversation ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0 CHECK (pinned IN (0, 1));
CREATE VIRTUAL TABLE title_text USING fts5(text, conversation_id UNINDEXED, tokenize='trigram');
CREATE VIRTUAL TABLE turn_text USING fts5(text, conversation_id UNINDEXED, tokenize='trigram');
INSERT INTO title_text (text, conversation_id) SELECT title, id FROM conversation;
INSERT INTO turn_text (rowid, text, conversation_id)
    SELECT id, content, conversation_id FROM turn;
"""

_VOTES = """
CREATE TABLE vote (
    id INTEGER PRIMARY KEY,
    model_a TEXT NOT NULL,
    model_b TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('a', 'tie', 'b', 'both_bad')),
    owner TEXT NOT NULL,
    voted_at TEXT NOT NULL
);
"""

_VERSIONS = """
ALTER TABLE turn ADD COLUMN parent INTEGER;
ALTER TABLE turn ADD COLUMN ending TEXT NOT NULL DEFAULT 'done';
ALTER TABLE turn ADD COLUMN error TEXT;
ALTER TABLE turn ADD COLUMN abstained INTEGER NOT NULL DEFAULT 0 CHECK (abstained IN (0, 1));
ALTER TABLE conversation ADD COLUMN last INTEGER;
CREATE INDEX turn_by_parent ON turn (parent);
UPDATE turn SET parent = (SELECT max(earlier.id) FROM turn AS earlier
    WHERE earlier.conversation_id = turn.conversation_id AND earlier.id < turn.id);
UPDATE conversation SET last = (SELECT max(id) FROM turn WHERE conversation_id = conversation.id);
"""

_TASKS = """
ALTER TABLE turn ADD COLUMN task TEXT;
"""

_REREADING = """
ALTER TABLE document ADD COLUMN replaces TEXT REFERENCES document (id) ON DELETE CASCADE;
ALTER TABLE document ADD COLUMN indexed_as TEXT;
CREATE INDEX document_by_replaced ON document (replaces);
UPDATE document SET sha256 = '' WHERE status = 'failed';
"""

_LEAVING_DOCUMENTS = """
CREATE TABLE leaving_document (id TEXT PRIMARY KEY) WITHOUT ROWID;
"""

_PROPERTIES = """
ALTER TABLE document ADD COLUMN properties TEXT;
"""

MIGRATIONS: tuple[str, ...] = (
    _FIRST,
    _JOBS,
    _FOLDERS,
    _EMBEDDERS,
    _LEAVING,
    _CHAT_SEARCH,
    _VOTES,
    _VERSIONS,
    _TASKS,
    _REREADING,
    _LEAVING_DOCUMENTS,
    _PROPERTIES,
)
"""Script number n brings a database of version n to version n + 1; a new one has version 0.

A released script is never changed: a later one corrects it.
"""


def statements(script: str) -> list[str]:
    """Return the statements of a script, which holds no semicolon but those that end them.

    ``executescript`` would commit the transaction that a migration runs in.
    """
    return [each.strip() for each in script.split(";") if each.strip()]
