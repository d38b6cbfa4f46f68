-- The store, version 2.  What a change in quarantine claims of its record,
-- to find the others of one record or index by.  NULL: held since version 1.
ALTER TABLE quarantine ADD COLUMN record BLOB;
ALTER TABLE quarantine ADD COLUMN creator INTEGER;	-- device.ref
ALTER TABLE quarantine ADD COLUMN idx INTEGER;
CREATE INDEX quarantine_record ON quarantine(record);
CREATE INDEX quarantine_index ON quarantine(creator, idx);

PRAGMA user_version = 2;
