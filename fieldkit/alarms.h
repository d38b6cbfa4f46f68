/*
 * alarms -- what was raised and stands until somebody dismisses it.
 *
 * A clear file of the home, `alarms`, JSON Lines without content: a locked
 * device raises alarms too.  A dismissed one keeps its line; why it was
 * dismissed is a person's text and goes into the store.
 */
#ifndef FIELDKIT_ALARMS_H
#define FIELDKIT_ALARMS_H

#include "sync/base/file.h"
#include "sync/finding.h"

struct alarm {
	struct finding	finding;
	uint64_t	number;		/* its own, for ever; from 1 */
	uint64_t	raised;		/* ms since 1970 */
	bool		dismissed;
};

struct alarms {
	struct alarm	*at;		/* in the order raised */
	size_t		n;
};

/* Who reads, changes and writes holds it meanwhile; waits 10 s. */
fault alarms_lock(struct file_lock *, const char *home) MUST_CHECK;
/* A missing file is no alarms. */
fault alarms_read(struct alarms *, const char *home) MUST_CHECK;
fault alarms_write(const struct alarms *, const char *home) MUST_CHECK;
void alarms_free(struct alarms *);

/*
 * Add, under the lock, what is not standing already (and of a silence, what
 * was not dismissed before either: it goes on); *fresh counts the new
 * ones that make a sync exit 8 (all but clock, stale and clone).
 */
fault alarms_raise(const char *home, const struct findings *, size_t *fresh,
    size_t *added) MUST_CHECK;
/* A device that is not silent any more: its alarm stands no longer. */
fault alarms_end_silence(const char *home, const struct findings *silent)
    MUST_CHECK;
/* The one of this number; NULL if there is none or it does not stand. */
struct alarm *alarms_standing(const struct alarms *, uint64_t number);

#endif
