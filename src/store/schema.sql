-- The decision log: rows are only ever added; the triggers refuse anything else.
CREATE TABLE journal (
    case_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (case_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER journal_is_not_altered BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

CREATE TRIGGER journal_is_not_cut BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

-- What can be lost without losing a decision.
CREATE TABLE claims (
    key_digest TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE cases (
    listed INTEGER NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL UNIQUE,
    open INTEGER NOT NULL
) STRICT;

CREATE TABLE leases (
    case_id TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
