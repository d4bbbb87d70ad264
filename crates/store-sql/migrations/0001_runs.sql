-- Portable SQL: TEXT, BIGINT and DOUBLE PRECISION only; booleans are BIGINT 0/1, times are BIGINT
-- milliseconds since 1970 in UTC, documents are JSON in TEXT. A migration that was released is never edited.

CREATE TABLE schema_version (
    version BIGINT NOT NULL PRIMARY KEY,
    applied BIGINT NOT NULL
);

CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);

INSERT INTO counters (name, value) VALUES ('run', 0);

CREATE TABLE runs (
    id TEXT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    environment TEXT NOT NULL,
    target TEXT NOT NULL,
    revision TEXT,
    image TEXT,
    origin TEXT,
    restores TEXT REFERENCES runs (id),
    who TEXT NOT NULL,
    host TEXT NOT NULL,
    pid BIGINT NOT NULL,
    pipeline TEXT NOT NULL,
    started BIGINT NOT NULL,
    ended BIGINT,
    conclusion TEXT,
    outcome TEXT,
    exit_code BIGINT
);

CREATE INDEX runs_by_environment ON runs (environment, number);
CREATE INDEX runs_by_target ON runs (target, number);
CREATE INDEX runs_unfinished ON runs (target, number) WHERE ended IS NULL;

CREATE TABLE journal (
    run TEXT NOT NULL REFERENCES runs (id),
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (run, seq)
);

-- A released lock keeps its row, so that its fencing number goes on counting; `expires` is 0 then.
CREATE TABLE locks (
    target TEXT NOT NULL PRIMARY KEY,
    fence BIGINT NOT NULL,
    who TEXT NOT NULL,
    host TEXT NOT NULL,
    pid BIGINT NOT NULL,
    run TEXT,
    since BIGINT NOT NULL,
    expires BIGINT NOT NULL
);

CREATE TABLE events (
    run TEXT NOT NULL REFERENCES runs (id),
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    PRIMARY KEY (run, seq)
);

-- `seq` is that of the event the row was made from.
CREATE TABLE steps (
    run TEXT NOT NULL REFERENCES runs (id),
    seq BIGINT NOT NULL,
    phase TEXT NOT NULL,
    step TEXT NOT NULL,
    verdict TEXT,
    fault TEXT,
    required BIGINT NOT NULL,
    took_ms BIGINT NOT NULL,
    started BIGINT NOT NULL,
    PRIMARY KEY (run, seq)
);

CREATE TABLE phases (
    run TEXT NOT NULL REFERENCES runs (id),
    seq BIGINT NOT NULL,
    phase TEXT NOT NULL,
    verdict TEXT,
    took_ms BIGINT NOT NULL,
    PRIMARY KEY (run, seq)
);
