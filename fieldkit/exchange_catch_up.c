/*
 * exchange_catch_up -- what a locked device has fetched is opened at the next
 * unlock: envelopes, cuts, erasures, records.
 *
 * A file in the home says that there is something; it is made before a locked
 * sync fetches, so that a kill leaves it there.
 */
#include "fieldkit/exchange_own.h"

#include <stdlib.h>
#include <unistd.h>

#define WAITING "arrived"

fault
exchange_arrived(struct home *h)
{
	char *path = home_file(h, WAITING);
	fault f = file_exists(path) ? NULL :
	    file_write(path, BYTES_EMPTY, 0600);

	free(path);
	return f;
}

bool
exchange_waits(struct home *h)
{
	char *path = home_file(h, WAITING);
	bool yes = file_exists(path);

	free(path);
	return yes;
}

static void
all_opened(struct home *h)
{
	char *path = home_file(h, WAITING);

	unlink(path);
	free(path);
}

static fault
open_all(struct home *h, struct exchange_report *r)
{
	fault f;

	if ((f = exchange_open_envelope(h, r)) != NULL ||
	    (f = exchange_erase(h, r)) != NULL ||
	    (f = exchange_remember(h)) != NULL)
		return f;
	return exchange_import(h, r);
}

fault
exchange_catch_up(struct home *h, struct exchange_report *r)
{
	struct file_lock lock = FILE_LOCK_NONE;
	fault f;

	*r = (struct exchange_report){ .hub = mem_text("") };
	if ((f = home_site(h)) != NULL ||
	    (f = home_lock_within(&lock, h, 0)) != NULL)
		return f;
	if ((f = open_all(h, r)) == NULL)
		all_opened(h);
	file_unlock(&lock);
	return f;
}
