//! The tables of the ledger, and how older ones become newer.

/// Migration `n` leads to `user_version` `n + 1`.
pub(super) const MIGRATIONS: &[&str] = &[FIRST, SECOND, THIRD];

/// As it was first.
const FIRST: &str = "
    CREATE TABLE jobs (
        id INTEGER PRIMARY KEY,
        shard TEXT NOT NULL,
        run TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        requests INTEGER NOT NULL,
        attempt INTEGER NOT NULL,
        provider TEXT NOT NULL,
        home TEXT NOT NULL,
        phase TEXT NOT NULL,
        upload TEXT,
        remote TEXT,
        status TEXT NOT NULL DEFAULT '',
        output TEXT,
        errors TEXT,
        total INTEGER NOT NULL DEFAULT 0,
        completed INTEGER NOT NULL DEFAULT 0,
        failed INTEGER NOT NULL DEFAULT 0,
        problems TEXT NOT NULL DEFAULT '[]',
        output_rows INTEGER,
        error_rows INTEGER,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL,
        UNIQUE (sha256, attempt),
        UNIQUE (provider, home, remote)
    ) STRICT;
    CREATE TABLE events (
        id INTEGER PRIMARY KEY,
        job INTEGER NOT NULL REFERENCES jobs (id),
        at TEXT NOT NULL,
        kind TEXT NOT NULL,
        detail TEXT NOT NULL
    ) STRICT;
";

/// Services of OpenAI's shape, room in the queue, doubt about a create, what was cleaned, models that lines do not name.
const SECOND: &str = "
    ALTER TABLE jobs ADD COLUMN service TEXT NOT NULL DEFAULT '';
    ALTER TABLE jobs ADD COLUMN tokens INTEGER;
    ALTER TABLE jobs ADD COLUMN room INTEGER;
    ALTER TABLE jobs ADD COLUMN doubted INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE jobs ADD COLUMN cleaned INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE models (shard TEXT PRIMARY KEY, model TEXT NOT NULL) STRICT;
";

/// The remote job that a batch file shares with another of the same bytes: `remote` itself stays unique.
const THIRD: &str = "
    ALTER TABLE jobs ADD COLUMN shared TEXT;
";
