-- What tells the machine of a lock's holder from others that are called the same; unknown of those that held one before.
ALTER TABLE locks ADD COLUMN machine TEXT;
