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
#include "sync/head_pin.h"

struct sync {
	struct site	*site;
	struct carry	*carry;
	struct id	hub;		/* its id; zeros: it has none yet */
	struct repo_ref	*shown;		/* what it shows */
	size_t		nshown;
	struct head_pins head_pins;	/* what our inviter had seen */
	struct findings	findings;	/* raised in this sync */
	size_t		received;	/* new commits verified from the hub */
	size_t		sent;		/* commits pushed */
	size_t		healed;		/* refs given back to a hub behind us */
	bool		adopted;	/* our own branch was ahead of us */
	bool		roster_moved;
	bool		held_back;	/* own chain waits: the hub's roster
					 * lacks our invitation yet */
	bool		frozen;		/* own branch has a second writer */
	size_t		foreign;	/* refs that are not ours; left alone */
	/* For sync*.c and branch.c. */
	bool		mending;	/* the hub gets all that it has lost */
	bool		hub_known;	/* its id is signed by a member */
	bool		doubt;		/* something may have come meanwhile */
	bool		again;		/* we looked again: what lacks, lacks */
};

/*
 * Read the hub's refs and id; refuse another project's hub (wrong-project,
 * FAULT_TRUST).  A hub without an id is new: it gets one at the first push.
 * Also after a fault findings are there, and sync_end is called.
 */
fault sync_begin(struct sync *, struct site *, struct carry *) MUST_CHECK;
void sync_end(struct sync *);

/*
 * Give the hub its id now if it has none (one signed commit); s->hub is then
 * set.  The first coordinator does so before it names the hub as home.
 */
fault sync_name_hub(struct sync *, const struct signer *) MUST_CHECK;

/*
 * Roster, own branch (adopting what is validly ours) and the newest keyring.
 * The site's roster is read again when it moved.  FAULT_TRUST if the hub
 * turns out to be another project's, or its id is not a member's.
 */
fault sync_fetch_first(struct sync *) MUST_CHECK;
/* All other devices and main. */
fault sync_fetch_rest(struct sync *) MUST_CHECK;
/* Every keyring that is shown, not only the newest: for an audit. */
fault sync_fetch_keyrings(struct sync *) MUST_CHECK;
/* What the hub shows of ref; zeros: nothing. */
struct oid sync_shown(const struct sync *, const char *ref);

/*
 * Give the hub what it lacks: hub id if it has none (needs signer), own and
 * others' chains, roster and keyring; main and roster bind on the home hub
 * only by compare and swap: FAULT_RACE if another was first.  signer may be
 * NULL (locked; FAULT_LOCKED if the hub has no id).  Then the pins move.
 */
fault sync_push(struct sync *, const struct signer *) MUST_CHECK;

/*
 * Give the home hub our newest keyring and what is new in the roster, and
 * nothing else: what that binds decides under which epoch the rest is sealed.
 * FAULT_RACE if another coordinator's device was first with either.
 */
fault sync_bind(struct sync *) MUST_CHECK;

/*
 * How far a device's chain is known to be on any hub, by its pins.
 * 0: nowhere.
 */
fault sync_delivered(uint64_t *seq, struct site *, const struct id *device)
    MUST_CHECK;

#endif
