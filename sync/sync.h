/*
 * sync -- exchange refs with one hub: fetch, verify, move pins; then push.
 *
 * Runs the same locked or unlocked; sealing and opening happen between its
 * steps, driven by fieldkit/exchange.c.  Local refs/heads/... hold the newest
 * verified head known; refs/pins/<hub id>/... what that hub has shown.
 */
#ifndef SYNC_SYNC_H
#define SYNC_SYNC_H

#include "sync/carry.h"
#include "sync/chain.h"

struct sync {
	struct site	*site;
	struct carry	*carry;
	struct id	hub;		/* its id; zeros: it has none yet */
	struct repo_ref	*shown;		/* what it shows, sorted */
	size_t		nshown;
	struct findings	findings;	/* raised in this sync */
	size_t		received;	/* new commits verified from the hub */
	size_t		sent;		/* commits pushed */
	size_t		healed;		/* refs given back to a hub behind us */
	bool		adopted;	/* our own branch was ahead of us */
	bool		roster_moved;
};

/*
 * Read the hub's refs and id; refuse another project's hub (wrong-project,
 * FAULT_TRUST).  A hub without an id is new: it gets one at the first push.
 */
fault sync_begin(struct sync *, struct site *, struct carry *) MUST_CHECK;
void sync_end(struct sync *);

/* Own branch (adopting what is validly ours), roster and keyrings. */
fault sync_fetch_first(struct sync *) MUST_CHECK;
/* All other devices and main. */
fault sync_fetch_rest(struct sync *) MUST_CHECK;

/*
 * Give the hub what it lacks: hub id if it has none (needs signer), own and
 * others' chains, roster and keyring; main and roster bind on the home hub
 * only by compare and swap: FAULT_RACE if another was first.  signer may be
 * NULL (locked).  Then the pins move.
 */
fault sync_push(struct sync *, const struct signer *) MUST_CHECK;

/*
 * How far a device's chain is known to be on any hub, by its pins.
 * 0: nowhere.
 */
fault sync_delivered(uint64_t *seq, struct site *, const struct id *device)
    MUST_CHECK;

#endif
