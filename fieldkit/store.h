/*
 * store -- the records: every change ever seen, and the rows that they make.
 *
 * An edit made here and a change from afar enter by one function, store_put:
 * merge decides, then row and log entry in one transaction.  Content: changes,
 * settings, drafts, tombstones, opened positions.  Derived (rebuildable): records, the
 * full-text index, counts.
 */
#ifndef FIELDKIT_STORE_H
#define FIELDKIT_STORE_H

#include "fieldkit/record.h"

struct store_batch;

struct store {			/* borrows db */
	struct db	*db;
	struct id	self;
	int64_t		self_ref;	/* of self in the table of devices */
	uint64_t	last_clock;
	struct store_batch *batch;	/* NULL outside of one */
};

/* Create or bring to today's schema; FAULT_INVALID if it is newer. */
fault store_open(struct store *, struct db *, const struct id *self)
    MUST_CHECK;
void store_close(struct store *);	/* db stays open */

/*
 * The one door.  A change that is known already is no fault and changes
 * nothing (*new says so; may be NULL).  One that is known and opens a
 * compartment that was withheld is new.  Local changes come with dot.n = 0:
 * the next counter is given, and the clock; c is updated.  FAULT_TRUST if a
 * known dot comes with other content, or an index differs from the record's
 * creation: a change from afar is then in quarantine, not lost, and the caller
 * goes on (who ends an outer transaction with that fault loses it); a local
 * one is not saved.  FAULT_ERASED likewise if its record was erased: one from
 * afar was counted and dropped unread.
 */
fault store_put(struct store *, struct change *c, bool *new) MUST_CHECK;

/*
 * Many changes from afar in one transaction; not nested.  The row of a record
 * that gets further changes is made once, in store_end: nothing may ask for
 * rows before, and no local change be put.  As db_end, store_end takes the
 * fault so far, and ends the transaction by it.
 */
fault store_begin(struct store *) MUST_CHECK;
fault store_end(struct store *, fault f) MUST_CHECK;
/* The text (as record_text has it) of a record that the one change at pos
 * makes, if it came with this batch; borrowed until the next put. */
bool store_batch_text(const struct store *, int64_t pos, const struct id *,
    struct bytes *text);
/* Its texts are needed no more, or no longer true. */
void store_batch_forget(struct store *);

/* The index for a new record of this device (inside a transaction). */
fault store_next_index(struct store *, struct index *) MUST_CHECK;

/* FAULT_ABSENT if there is none; FAULT_ERASED if it was erased, and
 * store_tombstone says when. */
fault store_record(struct store *, struct record *, const struct id *)
    MUST_CHECK;

/*
 * Every record, newest first, optionally of one type; each returns a fault to
 * stop.  withdrawn ones only if all is set.  No transaction is open while
 * each runs: a reader that is slow (a pager) keeps no writer waiting.
 */
fault store_each(struct store *, struct bytes type, bool all,
    fault (*each)(void *arg, struct record *), void *arg) MUST_CHECK;
/* Only those in conflict. */
fault store_conflicts(struct store *,
    fault (*each)(void *arg, struct record *), void *arg) MUST_CHECK;

/* Outstanding own changes that no commit carries yet: those that set
 * `urgent` first, then by n.  Caller frees each and the list; they borrow
 * from text. */
fault store_unsealed(struct store *, struct change **, size_t *n,
    struct buf *text) MUST_CHECK;
fault store_unsealed_count(struct store *, uint64_t *n) MUST_CHECK;
/* Does another change than c stand here under c's dot? */
fault store_clashes(struct store *, const struct change *c, bool *yes)
    MUST_CHECK;
/* Commit seq of device carries its changes first..last. */
fault store_carried(struct store *, const struct id *device, uint64_t seq,
    uint64_t first, uint64_t last) MUST_CHECK;
/* The commit that carries dot; 0: none yet. */
fault store_carrier(struct store *, const struct dot *, uint64_t *seq)
    MUST_CHECK;

/* Verified, but contradicting what is known: kept aside. */
struct quarantined {
	struct dot	dot;
	uint64_t	seq;		/* its commit; 0: not known */
	const char	*code;		/* an alarm code, "fork" */
	struct bytes	body;		/* stored form */
	const char	*reason;
};
/* Once per dot and body. */
fault store_quarantine(struct store *, const struct quarantined *) MUST_CHECK;
/* Oldest first; q is valid during each. */
fault store_each_quarantined(struct store *,
    fault (*each)(void *arg, const struct quarantined *), void *arg)
    MUST_CHECK;

/* What is left of an erased record (store_erase). */
struct tombstone {
	struct id	record, by;	/* by whose device */
	uint64_t	time;		/* s since 1970 */
	uint64_t	seq;		/* of the roster */
	uint64_t	dropped;	/* changes that came too late */
	bool		remains;	/* the database was not rewritten since */
	char		*type, *reason, *basis;
};
/* FAULT_ABSENT if it was not erased.  Free it. */
fault store_tombstone(struct store *, const struct id *record,
    struct tombstone *) MUST_CHECK;
void tombstone_free(struct tombstone *);
/* How many erased records may have left something in the file. */
fault store_remains(struct store *, uint64_t *n) MUST_CHECK;
/* None: it was rewritten whole. */
fault store_rewritten(struct store *) MUST_CHECK;
/*
 * The device's chain was cut at commit seq: its changes in later ones go into
 * quarantine (after-cut), and the rows are made again.  Repeating it changes
 * nothing.  *any: some went, and the full-text index must be made anew.
 */
fault store_cut(struct store *, const struct id *device, uint64_t seq,
    bool *any) MUST_CHECK;
/* A change that commit seq brought after the cut. */
fault store_set_aside(struct store *, const struct change *, uint64_t seq)
    MUST_CHECK;
/* Somebody took it over under a name of their own: it leaves quarantine. */
fault store_adopted(struct store *, const struct dot *) MUST_CHECK;

struct store_counts {
	uint64_t	records, changes, conflicts, unsealed, quarantined;
};
fault store_count(struct store *, struct store_counts *) MUST_CHECK;

/* Settings and positions. */
fault store_get(struct store *, const char *name, struct buf *out)
    MUST_CHECK;		/* empty if never set */
fault store_set(struct store *, const char *name, struct bytes) MUST_CHECK;
/* Last opened commit seq of a device's chain. */
fault store_opened(struct store *, const struct id *device, uint64_t *seq)
    MUST_CHECK;
fault store_set_opened(struct store *, const struct id *device, uint64_t seq)
    MUST_CHECK;
/* Hybrid time of the newest change known of a device; 0: none. */
fault store_last_clock(struct store *, const struct id *device,
    uint64_t *clock) MUST_CHECK;
/* As settings, for keys: the caller has wrapped them. */
fault store_secret_get(struct store *, const char *name, struct buf *out)
    MUST_CHECK;
fault store_secret_put(struct store *, const char *name, struct bytes)
    MUST_CHECK;

/*
 * Canonical digest (design: ledger and team); whole[c] is set for each
 * compartment that is wholly readable here.  What is hashed: store_digest.c.
 */
struct digest {
	struct hash	all;
	struct hash	comp[COMP_COUNT];
	bool		whole[COMP_COUNT];
	uint64_t	records, changes;
};
fault store_digest(struct store *, struct digest *) MUST_CHECK;

/* Drop the rows and make them again from the changes. */
fault store_rebuild(struct store *) MUST_CHECK;

#endif
