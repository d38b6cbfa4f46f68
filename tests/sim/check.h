/*
 * check -- is a device, after each step, what the model says it may be?
 */
#ifndef TESTS_SIM_CHECK_H
#define TESTS_SIM_CHECK_H

#include "tests/sim/world.h"

/* Put down what d has signed: its own chain; the coordinator's others too. */
fault check_signed(struct world *, int d) MUST_CHECK;
/*
 * Refs and pins: all of them were signed by whom they name, and none went
 * back.  Store: nothing acknowledged is gone, nothing is there that nobody
 * made, equal knowledge has an equal digest, nothing is in quarantine.  A save
 * touches no ref: then refs is false.
 */
fault check_device(struct world *, int d, bool refs) MUST_CHECK;

/* Refs that a hub has rolled back, as the visitor's pins alone show. */
struct predicted {
	char		refs[CHAINS][REF_MAX];
	int		n;
};

struct visit {			/* of a device at a hub */
	int		d, hub;
	bool		merge;		/* not only a sync */
	struct predicted predicted;
	struct exchange_report report;
	fault		fault;
};

/* Before it; the hub is shown. */
void check_predict(struct world *, struct visit *);
/* After it: what was reported against what the hub has deserved. */
void check_report(struct world *, const struct visit *);

#endif
