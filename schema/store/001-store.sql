-- The store, version 1.  Content endures; what is derived can be dropped and
-- made again from it (fieldkit doctor --rebuild).
--
-- One save touches one page each of change, its two indexes, record and
-- record_index: a column or index more is paid with every note.

-- Content ------------------------------------------------------------------

-- Devices by a small number, since each row below names one.
CREATE TABLE device (
	ref	INTEGER PRIMARY KEY,
	id	BLOB NOT NULL UNIQUE
) STRICT;

-- Every change ever seen, in the order of arrival.  The body is the stored
-- form (WIRE.md 1); the other columns say again what it says, to find it by.
CREATE TABLE change (
	pos	INTEGER PRIMARY KEY,
	device	INTEGER NOT NULL,
	n	INTEGER NOT NULL,
	record	BLOB NOT NULL,
	body	BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX change_dot ON change(device, n);
CREATE INDEX change_record ON change(record);

-- Commit seq of the device carries its changes first..last.
CREATE TABLE carried (
	device	INTEGER NOT NULL,
	first	INTEGER NOT NULL,
	last	INTEGER NOT NULL,
	seq	INTEGER NOT NULL,
	PRIMARY KEY (device, first)
) STRICT, WITHOUT ROWID;

-- The last commit of the device's chain whose segment was opened.
CREATE TABLE opened (
	device	INTEGER PRIMARY KEY,
	seq	INTEGER NOT NULL
) STRICT;

CREATE TABLE setting (
	name	TEXT PRIMARY KEY,
	value	BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Wrapped by a subkey of the master key before they come here.
CREATE TABLE secret (
	name	TEXT PRIMARY KEY,
	value	BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- What somebody is writing and has not saved.
CREATE TABLE draft (
	id	BLOB PRIMARY KEY,
	time	INTEGER NOT NULL,
	body	BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Verified, but contradicting what is known: kept for a person to decide.
CREATE TABLE quarantine (
	at	INTEGER PRIMARY KEY,
	device	INTEGER NOT NULL,
	n	INTEGER NOT NULL,
	seq	INTEGER NOT NULL,
	code	TEXT NOT NULL,
	body	BLOB NOT NULL,
	reason	TEXT NOT NULL
) STRICT;
CREATE INDEX quarantine_dot ON quarantine(device, n);

-- Derived ------------------------------------------------------------------

-- What merge makes of a record's changes, as far as lists need it.  Values
-- stand only in the changes.
CREATE TABLE record (
	id	BLOB PRIMARY KEY,
	creator	INTEGER NOT NULL,	-- device.ref
	idx	INTEGER NOT NULL,
	type	BLOB NOT NULL,
	withdrawn INTEGER NOT NULL,
	conflicts INTEGER NOT NULL,
	newest	INTEGER NOT NULL,
	nchanges INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX record_index ON record(creator, idx);
CREATE INDEX record_conflict ON record(id) WHERE conflicts > 0;

PRAGMA user_version = 1;
