-- What a series of samples was for, such as `new` or `control`: a verdict can be given again only if both are known.

ALTER TABLE samples ADD COLUMN role TEXT NOT NULL DEFAULT 'new';
