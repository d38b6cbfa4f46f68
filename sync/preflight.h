/*
 * preflight -- is this folder what we would have made ourselves?
 *
 * Looks at names, kinds and the two fixed files of a folder that may come
 * from anybody, before anything else opens it: no link, no alternates, no
 * configuration or hook of a stranger, nothing but plain files and folders,
 * not too many.  Reads no object.
 */
#ifndef SYNC_PREFLIGHT_H
#define SYNC_PREFLIGHT_H

#include "sync/base/fault.h"

#define PREFLIGHT_MAX		5000	/* entries outside objects/ */
#define PREFLIGHT_OBJECTS_MAX	200000	/* entries inside */

/*
 * FAULT_HUB if it is not there, is no hub, or cannot be read; FAULT_TRUST
 * with the reason if it is not what it should be.
 */
fault preflight(const char *path) MUST_CHECK;

#endif
