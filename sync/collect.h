/*
 * collect -- open what came in: from a position on a device's chain to its
 * verified head, segment by segment.
 */
#ifndef SYNC_COLLECT_H
#define SYNC_COLLECT_H

#include "sync/segment.h"
#include "sync/site.h"

struct collected {
	const struct commit *commit;	/* the device's signed commit */
	const struct segment *segment;
	const struct oid *oid;
};

/*
 * Open the commits of device after `opened` (a seq; 0: from the start), up
 * to refs/heads/device/<id> or the device's cut, oldest first.  take stores
 * them; it returns a fault to stop.  A segment that does not open stops this
 * chain with FAULT_TRUST or FAULT_LOCKED (an epoch whose envelope has not
 * come); what was taken before stays.  A pending device gives nothing.
 */
fault collect(struct site *, const struct id *device, uint64_t opened,
    fault (*take)(void *arg, const struct collected *), void *arg) MUST_CHECK;

/*
 * The same of what a device wrote after its cut, as far as it was kept
 * (sync/cut.h): nothing of it counts.
 */
fault collect_beyond(struct site *, const struct member *, uint64_t opened,
    fault (*take)(void *arg, const struct collected *), void *arg) MUST_CHECK;

#endif
