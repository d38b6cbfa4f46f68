/*
 * merge -- what stands, of all the changes of one record.
 *
 * One pure function of the set of changes: order and duplicates do not
 * matter, no clock decides.  Rules: schema/WIRE.md, section 1.
 */
#ifndef SYNC_MERGE_H
#define SYNC_MERGE_H

#include "sync/change.h"

#define FIELD_WITHDRAWN "withdrawn"

struct item {
	struct dot	dot;		/* the change that set it */
	uint64_t	clock;
	enum compartment comp;
	bool		withheld;	/* it stands, but cannot be read here; a
					 * withheld set change is one such item */
	bool		unseen;		/* a withdrawal stands that did not know
					 * this item */
	struct bytes	value;		/* value, or element of a set; borrowed */
};

struct merged_field {
	struct bytes	name;
	enum kind	kind;
	bool		conflict;	/* value: different standing values; of
					 * withdrawn also: against an edit */
	bool		withheld;	/* any standing item is withheld */
	struct item	*items;		/* by value bytes (sets), then dot */
	size_t		nitems;		/* 0: everything was superseded */
};

struct merged {
	struct merged_field *fields;	/* by name, value before set */
	size_t		nfields;
	bool		withdrawn;	/* a withdrawal stands (conflict or not) */
	bool		withdraw_conflict; /* edit against withdrawal */
	size_t		conflicts;	/* fields in conflict, withdrawn included */
	uint64_t	newest;		/* greatest clock of all changes */
};

/*
 * changes are of one record, in any order, duplicates allowed (n = 0: nothing
 * stands).  *out borrows from them until merged_free.
 */
void merge(struct merged *out, const struct change *const *changes, size_t n);
void merged_free(struct merged *);

/* NULL if the record never had that field. */
const struct merged_field *merged_find(const struct merged *,
    struct bytes name, enum kind);

/*
 * Of the standing items of a value field: the one to show (greatest clock,
 * then dot; display only).  NULL if none can be read or that one is cleared.
 */
const struct item *merged_shown(const struct merged_field *);

/* All dots that stand in any field, sorted, for `withdrawn`.  Caller frees. */
struct dot *merged_dots(const struct merged *, size_t *n);

/* Append the canonical dump of what stands, for the digest; comps is a mask
 * of compartments whose values are included (a withheld item never is). */
void merged_dump(struct buf *, const struct merged *, unsigned comps);

#endif
