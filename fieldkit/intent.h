/*
 * intent -- a change of the roster that this coordinator wants and that has
 * not bound yet.
 *
 * A roster entry binds only where the home hub holds it, and who loses that
 * race makes its entry anew: next number, next epoch, fresh secrets.  So what
 * is kept is what was meant -- the items, and whether they open an epoch --
 * and the entry is made when the home hub is within reach.  An intent goes
 * when an entry made of it is bound.
 */
#ifndef FIELDKIT_INTENT_H
#define FIELDKIT_INTENT_H

#include "fieldkit/store.h"
#include "sync/roster.h"

#define INTENT_EPOCH	1u	/* opens an epoch */
#define INTENT_TREE	2u	/* ... and a generation of the erasure tree */
#define INTENT_PAPER	4u	/* the paper key, if it is at hand, approves */

struct intent {
	int64_t		at;		/* its number here; 0: not kept yet */
	unsigned	flags;
	struct entry	items;		/* all but the epoch */
	uint64_t	made_seq;	/* the entry last made of it; 0: none */
	struct hash	made;
};

#define INTENT_EMPTY { .items = ENTRY_EMPTY }

void intent_free(struct intent *);

/* Keep it; its number is filled in. */
fault intent_add(struct store *, struct intent *) MUST_CHECK;
/* All, oldest first; intents_free them. */
fault intent_list(struct store *, struct intent **, size_t *n) MUST_CHECK;
void intents_free(struct intent *, size_t n);

/* An entry was made of it: known again after a kill. */
fault intent_made(struct store *, const struct intent *, uint64_t seq,
    const struct hash *) MUST_CHECK;
/* It is bound, or can never be. */
fault intent_done(struct store *, const struct intent *) MUST_CHECK;

/* Does it name this device, in an item of this kind?  (for lists) */
bool intent_names(const struct intent *, enum roster_item,
    const struct id *device);

#endif
