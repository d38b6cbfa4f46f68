/*
 * home_rewrite -- the open home's database into a new file under a new key.
 */
#include "fieldkit/home.h"
#include "fieldkit/rewrite.h"

fault
home_rewrite(struct home *h)
{
	struct rewrite r = { h->path, h->device, &h->keyfile, h->master };
	fault f, g;

	store_close(&h->store);
	f = rewrite(&h->db, &r);
	if (h->db == NULL)
		return f;
	g = store_open(&h->store, h->db, &h->device);
	if (f == NULL && (f = g) == NULL)
		f = store_rewritten(&h->store);
	return f;
}
