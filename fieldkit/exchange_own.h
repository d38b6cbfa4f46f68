/*
 * exchange_own -- what the files of exchange.h share among themselves.
 */
#ifndef FIELDKIT_EXCHANGE_OWN_H
#define FIELDKIT_EXCHANGE_OWN_H

#include "fieldkit/exchange.h"

/* As exchange_seal; *clashes counts dots that a copy of us has used too. */
fault exchange_seal_own(struct home *, size_t *changes, size_t *commits,
    size_t *clashes) MUST_CHECK;

/* FAULT_LOCKED while a restored store has not seen its own chain. */
fault exchange_may_seal(struct home *) MUST_CHECK;
/* After sync_fetch_first: has it now? */
fault exchange_seen_again(struct home *, const struct sync *) MUST_CHECK;

/* Open and store what came in.  A chain that does not open stops alone. */
fault exchange_import(struct home *, struct exchange_report *) MUST_CHECK;

/* One sync over an open carry; the caller holds the home's lock. */
fault exchange_with(struct home *, struct carry *, struct exchange_report *)
    MUST_CHECK;
/* A hub that its pre-flight refuses is an alarm as well as a fault. */
fault exchange_open_hub(struct carry **, struct home *, const char *url,
    struct exchange_report *) MUST_CHECK;

/* Where the local main is; zeros: there is none. */
fault exchange_main(struct home *, struct oid *) MUST_CHECK;

#endif
