/*
 * hub_id -- the blob of refs/heads/hub: which hub this is, and whose.
 * WIRE.md, section 6.
 */
#ifndef SYNC_HUB_ID_H
#define SYNC_HUB_ID_H

#include "sync/base/id.h"

struct hub_id {
	struct id	hub, project;
};

void hub_id_put(struct buf *, const struct hub_id *);
/* False if it is not one. */
bool hub_id_get(struct hub_id *, struct bytes);

#endif
