/*
 * exchange -- where store and sync meet: seal what is outstanding, sync with
 * a hub, merge as a coordinator, and say how far each record has come.
 */
#ifndef FIELDKIT_EXCHANGE_H
#define FIELDKIT_EXCHANGE_H

#include "fieldkit/home.h"
#include "fieldkit/intent.h"
#include "fieldkit/receipt.h"
#include "fieldkit/store_erase.h"
#include "sync/mainline.h"
#include "sync/recover.h"
#include "sync/sync.h"

/* Outstanding changes into signed commits.  Needs an unlocked home and the
 * home's lock. */
fault exchange_seal(struct home *, size_t *changes, size_t *commits)
    MUST_CHECK;

struct exchange_report {
	char		*hub;		/* address */
	struct id	hub_id;
	size_t		sent, received;	/* commits */
	size_t		healed;
	size_t		imported;	/* changes new here */
	size_t		conflicts;	/* records in conflict now */
	size_t		pending;	/* joiners waiting for a merge */
	bool		held_back;	/* our chain waits for our invitation */
	bool		frozen;		/* our branch has a second writer */
	bool		listened;	/* of silent devices, findings has all */
	struct findings	findings;	/* raised this time */
	struct fault	stopped;	/* a chain that did not open; its code is
					 * 0 if all did (kept: the ring is
					 * short) */
	struct fault	given_up;	/* an intent that no longer can be; its
					 * code is 0 if there was none */
	struct erase_count erased;	/* what went from this device */
};
void exchange_report_free(struct exchange_report *);

/*
 * Sync with the hub at url.  Unlocked: seals and imports; locked: carries.
 * Takes the home's lock.
 */
fault exchange_sync(struct home *, const char *url, struct exchange_report *)
    MUST_CHECK;

struct merge_report {
	struct exchange_report sync;
	struct merged_head *merged;
	size_t		nmerged;
	size_t		admitted;
	struct oid	main;		/* zeros: no main yet */
};
void merge_report_free(struct merge_report *);

/*
 * Coordinator: sync, admit who has joined, merge every device into main,
 * push; again for up to 30 s when another coordinator was first.
 */
fault exchange_merge(struct home *, const char *url, struct merge_report *)
    MUST_CHECK;

/*
 * What a coordinator wants of the roster: kept, and made an entry where the
 * home hub is within reach.  While the roster names no home it is bound when
 * this returns.  Takes the home's lock.
 */
fault exchange_intend(struct home *, struct intent *) MUST_CHECK;
/* Bring only the roster to a hub and back; *given_up as in the report. */
fault exchange_roster(struct home *, const char *url, struct fault *given_up)
    MUST_CHECK;

/* Did a locked sync fetch what is not opened yet?  Then open it (unlocked). */
bool exchange_waits(struct home *);
fault exchange_catch_up(struct home *, struct exchange_report *) MUST_CHECK;

/* Try every key held here on all of the history here (t->record is set). */
fault exchange_prove(struct home *, struct segment_trial *t) MUST_CHECK;

/*
 * The paper key makes this member's device coordinator (protocol: when no
 * coordinator's is left).  Syncs with the hub at url (NULL: none is known)
 * before and after; *unbound says why the entry is not on the home hub yet.
 * FAULT_LOCKED: another project's key, or no member; FAULT_INVALID: this
 * device coordinates already.
 */
fault exchange_recover(struct home *, const char *url, const struct paper *,
    fault *unbound) MUST_CHECK;
/* The paper key was tried here, at ms since 1970; 0: the one in the roster
 * never was. */
fault exchange_paper_tested(struct home *, uint64_t when) MUST_CHECK;
fault exchange_paper_when(struct home *, uint64_t *when) MUST_CHECK;

/* Does this store come from a backup, and seal nothing yet? */
fault exchange_restored(struct home *, bool *restored) MUST_CHECK;

/* Keep what a save needs of the roster (pack, role) in the store. */
fault exchange_remember(struct home *) MUST_CHECK;

/* Days since this device first saw a member's box key; -1: never. */
fault exchange_box_age(struct home *, const struct id *device, int64_t *days)
    MUST_CHECK;

/* Where the local main is; zeros: there is none. */
fault exchange_main(struct home *, struct oid *) MUST_CHECK;

enum state { STATE_SAVED, STATE_SEALED, STATE_DELIVERED, STATE_ACCEPTED };
const char *state_name(enum state);	/* "saved" */

/* How far every chain has come, read once for many records. */
struct progress {
	struct device_progress {
		struct id	device;
		uint64_t	delivered, accepted;
	} *at;
	size_t		n;
};
fault exchange_progress(struct home *, struct progress *) MUST_CHECK;
void progress_free(struct progress *);
/* Of one change; of a record, the least of its changes. */
fault exchange_state(struct home *, const struct progress *,
    const struct dot *, enum state *) MUST_CHECK;
fault exchange_record_state(struct home *, const struct progress *,
    const struct record *, enum state *) MUST_CHECK;
/* The git commit that carries a dot; zeros while none does. */
fault exchange_commit(struct home *, const struct dot *, struct oid *)
    MUST_CHECK;

#endif
