-- The store, version 4.  Content: changes of the roster that this coordinator
-- wants and that no hub has bound yet.  The items are a roster entry's
-- (WIRE.md 5), but for the epoch, which is drawn when the entry is made.
CREATE TABLE intent (
	at	INTEGER PRIMARY KEY AUTOINCREMENT,
	flags	INTEGER NOT NULL,	-- 1 opens an epoch, 2 a tree
	nclear	INTEGER NOT NULL,
	clear	BLOB NOT NULL,
	nsealed	INTEGER NOT NULL,
	sealed	BLOB NOT NULL,
	made_seq INTEGER NOT NULL,	-- entry last made of it; 0: none
	made	BLOB NOT NULL
) STRICT;

-- Content: a device's word that it erased what a roster entry names.  given
-- 0: ours, and no commit of ours has said so yet.
CREATE TABLE receipt (
	device	INTEGER NOT NULL,	-- device.ref
	seq	INTEGER NOT NULL,	-- of the entry
	given	INTEGER NOT NULL,
	PRIMARY KEY (device, seq)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 4;
