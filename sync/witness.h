/*
 * witness -- what devices testify about hubs (R4): "this hub had device A at
 * number n".  A hub that shows one of us less than it showed another is
 * caught by it.
 *
 * Ours is in our segments' headers; what has been testified already is
 * remembered in refs/testified.  Others' testimonies that a hub has not yet
 * lived up to wait in refs/told/<hub id>.  Both refs name a blob of this
 * device only.
 */
#ifndef SYNC_WITNESS_H
#define SYNC_WITNESS_H

#include "sync/segment.h"
#include "sync/site.h"

#define WITNESS_MAX 4096u	/* testimonies kept of a hub, or given */

struct testimony {
	struct seen	*seen;		/* grouped by hub */
	size_t		n;
	struct buf	state;		/* what will have been testified */
};

/* What the pins show of others that we have not testified yet. */
fault testimony_due(struct testimony *, struct site *) MUST_CHECK;
/* It stands in a commit that is durable. */
fault testimony_given(struct site *, const struct testimony *) MUST_CHECK;
void testimony_free(struct testimony *);

struct told {
	struct seen	seen;
	struct id	by;		/* the device that testifies */
};

struct tolds {
	struct told	*at;
	size_t		n;
};

/* Keep the highest number of each hub and device. */
void tolds_add(struct tolds *, const struct told *);
void tolds_free(struct tolds *);
/* Add those that wait for hub; replace those that wait by ts's of hub. */
fault tolds_read(struct tolds *, struct site *, const struct id *hub)
    MUST_CHECK;
fault tolds_write(const struct tolds *, struct site *, const struct id *hub)
    MUST_CHECK;

#endif
