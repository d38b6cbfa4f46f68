/*
 * roster_rules -- what each item of a roster entry needs, and what follows.
 *
 * Between roster_apply.c, which takes an entry apart, and the roster: an
 * item either changes the copy in hand or refuses the whole entry.
 *
 * Plain state, for code that comes later: a demotion's cut (the member stays
 * active), the feature level, the actions that wait for a second signature
 * and take effect when they are approved.  A reason is read for its form
 * only.
 */
#ifndef SYNC_ROSTER_RULES_H
#define SYNC_ROSTER_RULES_H

#include "sync/roster.h"

struct apply {
	struct roster	*r;		/* the copy */
	const struct commit *c;
	struct keys	*keys;		/* may be NULL */
	struct id	author;		/* the signing device */
	bool		coordinates;	/* ... which may */
	bool		by_paper;	/* signed by the paper key itself */
	bool		opened;		/* an epoch, in this entry */
	bool		approved;	/* this item has its second signature */
};

/* FAULT_TRUST with the entry's number. */
fault refuse(const struct apply *, const char *why) MUST_CHECK;

fault apply_clear(struct apply *, const struct entry_item *) MUST_CHECK;
/* May this item stand in the sealed part?  Asked before any is applied. */
bool sealed_fits(const struct apply *, const struct entry_item *);
void apply_sealed(struct apply *, const struct entry_item *);

#endif
