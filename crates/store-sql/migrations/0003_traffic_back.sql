-- How long it took until users had the old release again, in milliseconds, where a run took its own back.

ALTER TABLE runs ADD COLUMN traffic_back BIGINT;
