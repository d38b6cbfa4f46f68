/*
 * alarms -- what was raised and stands until somebody dismisses it.
 *
 * A clear file of the home, `alarms`, JSON Lines without content: a locked
 * device raises alarms too.  A dismissal keeps its line and its reason.
 */
#ifndef FIELDKIT_ALARMS_H
#define FIELDKIT_ALARMS_H

#include "sync/finding.h"

struct alarm {
	struct finding	finding;
	uint64_t	raised;		/* ms since 1970 */
	bool		dismissed;
	char		reason[300];
};

struct alarms {
	struct alarm	*at;		/* in the order raised */
	size_t		n;
};

/* A missing file is no alarms. */
fault alarms_read(struct alarms *, const char *home) MUST_CHECK;
fault alarms_write(const struct alarms *, const char *home) MUST_CHECK;
void alarms_free(struct alarms *);

/*
 * Add what is not standing already; *fresh counts the new ones that make a
 * sync exit 8 (all but clock, stale and clone).
 */
fault alarms_raise(const char *home, const struct findings *, size_t *fresh,
    size_t *added) MUST_CHECK;
/* Dismiss the k-th standing alarm, counted from 1.  FAULT_ABSENT. */
fault alarms_dismiss(const char *home, size_t k, const char *reason)
    MUST_CHECK;

#endif
