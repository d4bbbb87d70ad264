-- The run of another environment whose release this run brings, where it was promoted.

ALTER TABLE runs ADD COLUMN promotes TEXT;
