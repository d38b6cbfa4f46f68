/*
 * head_pin -- what our inviter had seen at the home hub when it invited us.
 *
 * "This branch was at number n, and number n is this commit": a newcomer has
 * no pins of its own, so an old state would look whole to it.  Until the home
 * hub has shown so much it withholds; and a line that has another commit there
 * is a fork, whichever hub shows it.  WIRE.md, section 8.  They lie in the
 * repository, at refs/head-pins, so that a locked device can tell too.
 */
#ifndef SYNC_HEAD_PIN_H
#define SYNC_HEAD_PIN_H

#include "sync/invite.h"
#include "sync/site.h"

struct head_pins {
	struct id	hub;		/* of which it was said */
	struct id	by;		/* the device that says it */
	struct invite_pin *at;		/* by ref; those not lived up to yet */
	size_t		n;
};

/*
 * For an invitation: what the home hub has shown this device, and it has
 * verified, of the roster, of main and of everyone admitted.  What no hub
 * holds yet is nobody's to ask for.  The caller frees.
 */
fault head_pins_seen(struct invite_pin **, size_t *n, struct site *)
    MUST_CHECK;

/* What waits; nothing in the home of one who was not invited. */
fault head_pins_read(struct head_pins *, struct repo *) MUST_CHECK;
fault head_pins_write(const struct head_pins *, struct repo *) MUST_CHECK;
void head_pins_free(struct head_pins *);
/* NULL if none waits for this ref. */
const struct invite_pin *head_pin(const struct head_pins *, const char *ref);
/* The i-th has been lived up to; the order of the others stays. */
void head_pins_drop(struct head_pins *, size_t i);

#endif
