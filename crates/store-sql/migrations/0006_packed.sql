-- What a run leaves, packed: the events of a run that is over as compressed pages, samples as compressed columns. Rows that
-- an older pipeline wrote stay as they are and are read. PostgreSQL's word for BLOB is BYTEA, and is put in its place.

CREATE TABLE event_pages (
    run TEXT NOT NULL REFERENCES runs (id),
    first_seq BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    events BLOB NOT NULL,
    PRIMARY KEY (run, first_seq)
);

-- Of a row that has this, `points` is empty.
ALTER TABLE samples ADD COLUMN packed BLOB;
