-- What verifiers measured, and the mark that keeps a bad release from being gone back to.

ALTER TABLE runs ADD COLUMN bad TEXT;

CREATE TABLE baselines (
    target TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    at BIGINT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (target, endpoint)
);

-- One row a series and batch: `points` is [[milliseconds after `at`, latency in microseconds, status], …].
CREATE TABLE samples (
    run TEXT NOT NULL REFERENCES runs (id),
    verifier TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    instance TEXT,
    at BIGINT NOT NULL,
    points TEXT NOT NULL
);

CREATE INDEX samples_by_run ON samples (run, endpoint);
