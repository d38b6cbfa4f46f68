/*
 * box -- this device's box keys: what envelopes to it are sealed to.
 *
 * At most two are held, so that a stolen device opens few of the envelopes
 * that a hub has kept.  A new one is drawn after each envelope that opened
 * and after each erasure; the older goes when the newer has opened one, or
 * after five syncs.  Which one was announced last is remembered, so that a
 * kill between the two announces again.
 */
#ifndef FIELDKIT_BOX_H
#define FIELDKIT_BOX_H

#include "fieldkit/home.h"

#define BOX_LEN 32
#define BOX_SYNCS 5		/* after which the older goes */

struct boxes {			/* the current one first */
	struct {
		uint8_t	pk[BOX_LEN];
		uint8_t	*sk;	/* locked memory */
	} at[2];
	size_t		n;
};

fault box_read(struct boxes *, struct home *) MUST_CHECK;
void box_free(struct boxes *);

/* Draw a new one; the current becomes the older, and what was older goes. */
fault box_renew(struct home *) MUST_CHECK;
/* The older goes, so that what was sealed to it stays closed. */
fault box_forget_old(struct home *) MUST_CHECK;

/* Is the current one another than our chain has announced? */
fault box_due(bool *due, struct home *) MUST_CHECK;
/* It stands in a durable commit; or: say it again with the next. */
fault box_announced(struct home *) MUST_CHECK;
fault box_repeat(struct home *) MUST_CHECK;
/* A sync went well: count it for the older one. */
fault box_synced(struct home *) MUST_CHECK;

#endif
