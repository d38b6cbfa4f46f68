-- The store, version 3.  Of an erased record: that it was, when, by whom and
-- why, and the names of its changes, so that none is given or taken again.
CREATE TABLE tombstone (
	record	BLOB PRIMARY KEY,
	type	BLOB NOT NULL,
	time	INTEGER NOT NULL,	-- s since 1970, as the roster says
	device	INTEGER NOT NULL,	-- device.ref: who erased it
	seq	INTEGER NOT NULL,	-- of the roster
	reason	BLOB NOT NULL,
	basis	BLOB NOT NULL,
	dropped	INTEGER NOT NULL,	-- changes that came too late
	remains	INTEGER NOT NULL	-- until the database is rewritten
) STRICT, WITHOUT ROWID;

CREATE TABLE erased (
	device	INTEGER NOT NULL,
	n	INTEGER NOT NULL,
	record	BLOB NOT NULL,
	creator	INTEGER NOT NULL,	-- device.ref; 0: not known
	idx	INTEGER NOT NULL,
	PRIMARY KEY (device, n, record)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 3;
