/*
 * exchange_own -- what the files of exchange.h share among themselves.
 */
#ifndef FIELDKIT_EXCHANGE_OWN_H
#define FIELDKIT_EXCHANGE_OWN_H

#include "fieldkit/exchange.h"
#include "sync/collect.h"

/* As exchange_seal; *clashes counts dots that a copy of us has used too. */
fault exchange_seal_own(struct home *, size_t *changes, size_t *commits,
    size_t *clashes) MUST_CHECK;

/* FAULT_LOCKED while a restored store has not seen its own chain. */
fault exchange_may_seal(struct home *) MUST_CHECK;
/* After sync_fetch_first: has it now? */
fault exchange_seen_again(struct home *, const struct sync *) MUST_CHECK;

/*
 * Where our own chain goes on beyond `opened` and bears numbers that changes
 * saved here bear too, give those new ones while take stores what the chain
 * brings; *n of them.  0: there was no such clash, and nothing was done.
 */
fault exchange_reissue(struct home *, uint64_t opened, size_t *n,
    fault (*take)(void *arg, const struct collected *), void *arg)
    MUST_CHECK;

/* Open and store what came in.  A chain that does not open stops alone. */
fault exchange_import(struct home *, struct exchange_report *) MUST_CHECK;

/* One sync over an open carry; the caller holds the home's lock. */
fault exchange_with(struct home *, struct carry *, struct exchange_report *)
    MUST_CHECK;
/* A hub that its pre-flight refuses is an alarm as well as a fault. */
fault exchange_open_hub(struct carry **, struct home *, const char *url,
    struct exchange_report *) MUST_CHECK;

/* Days since this device first saw the newest epoch. */
fault exchange_epoch_age(struct home *, int64_t *days) MUST_CHECK;
/* Setting: the epoch that our chain said last (publish: `epoch`), u32. */
#define EXCHANGE_STATED "epoch/stated"

/* Unlocked, and an active coordinator? */
bool exchange_may_coordinate(const struct home *);
/* This device's role, as far as it is known; 0: not at all. */
enum role exchange_role(const struct home *);
/*
 * Make the entries of all intents on top of what is bound; earlier drafts
 * go.  While the roster names no home they bind by being written, and hub (or
 * NULL) becomes it.
 */
fault exchange_make_entries(struct home *, const struct id *hub,
    struct exchange_report *) MUST_CHECK;
/* ... and bind them, with their keyring, where s is the home hub.  FAULT_RACE. */
fault exchange_bind(struct home *, struct sync *, struct exchange_report *)
    MUST_CHECK;

/* Fill in the leaves of what e's sealed items erase. */
fault exchange_pairs(struct home *, struct entry *e) MUST_CHECK;

/* What the bound roster erases goes from this device (exchange_erase.c). */
fault exchange_erase(struct home *, struct exchange_report *) MUST_CHECK;
/* The receipts that are due; the caller frees. */
fault exchange_receipts(struct home *, struct receipt **, size_t *n)
    MUST_CHECK;
fault exchange_take_receipts(struct home *, const struct id *device,
    const struct receipt *, size_t n) MUST_CHECK;

/* A locked sync is about to fetch: the next unlock opens it. */
fault exchange_arrived(struct home *) MUST_CHECK;

/* Bound cuts, in the store; doing it again changes nothing. */
fault exchange_apply_cuts(struct home *) MUST_CHECK;
/* Does this commit of m lie beyond its cut? */
bool exchange_beyond_cut(const struct member *m, const struct commit *);
/* Its changes, into quarantine. */
fault exchange_set_aside(struct home *, const struct collected *) MUST_CHECK;
/* What m wrote after its cut, as far as it is here, into quarantine. */
fault exchange_import_beyond(struct home *, const struct member *m)
    MUST_CHECK;

/* Open our envelope in the newest keyring, if we lack anything. */
fault exchange_open_envelope(struct home *, struct exchange_report *)
    MUST_CHECK;
/* As a coordinator: a new keyring, if others lack anything that the newest
 * here does not hold for them, or no longer lack what it holds. */
fault exchange_keyring(struct home *, bool *made) MUST_CHECK;

#endif
