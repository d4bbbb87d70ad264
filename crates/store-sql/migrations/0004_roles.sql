-- What a series of samples was for, such as `new` or `control`: a verdict can be given again only if both are known.
-- `points` is [[microseconds after `at`, latency in microseconds, status], …]: what was sent first decides what is compared with
-- what. No release has written any before.

ALTER TABLE samples ADD COLUMN role TEXT NOT NULL DEFAULT 'new';
-- What was measured together: a run measures after each of its stages, and each time is judged by itself.
ALTER TABLE samples ADD COLUMN batch BIGINT NOT NULL DEFAULT 1;
