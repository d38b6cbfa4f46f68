/*
 * exchange_restored -- a store from a backup seals nothing before a hub has
 * shown it what it wrote after that backup: else one number of its chain
 * would be written twice.
 */
#include "fieldkit/exchange_own.h"

#include <string.h>

fault
exchange_restored(struct home *h, bool *restored)
{
	struct buf b = BUF_EMPTY;
	fault f = store_get(&h->store, "restored", &b);

	*restored = f == NULL && b.len > 0;
	buf_free(&b);
	return f;
}

fault
exchange_may_seal(struct home *h)
{
	bool restored;
	fault f = exchange_restored(h, &restored);

	if (f != NULL || !restored)
		return f;
	return fault_new(FAULT_LOCKED, "this device was restored from a backup "
	    "and has not seen its own commits on a hub yet; what was saved "
	    "stays saved, unsealed; sync with a hub that it has synced with "
	    "before");
}

static bool
rolled_back(const struct sync *s, const char *ref)
{
	for (size_t i = 0; i < s->findings.n; i++)
		if (s->findings.at[i].code == FIND_ROLLBACK &&
		    strcmp(s->findings.at[i].ref, ref) == 0)
			return true;
	return false;
}

/*
 * This hub has none of it.  That is what we would see where our chain has
 * never left the device: then it may be any but a hub that we know nothing
 * of beside others.
 */
static fault
never_sent(struct home *h, const struct sync *s, bool *seen)
{
	uint64_t delivered;
	fault f = sync_delivered(&delivered, &h->site, &h->device);

	*seen = f == NULL && delivered == 0 && (h->nhubs == 1 ||
	    id_eq(&h->site.roster->home, &s->hub));
	return f;
}

/* After sync_fetch_first: what the hub has of our chain is ours too now. */
static fault
own_chain_seen(struct home *h, const struct sync *s, bool *seen)
{
	char ref[REF_MAX];
	struct oid shown, local, meet;
	enum chain_side side;
	fault f;

	*seen = false;
	ref_device(ref, &h->device);
	if (rolled_back(s, ref))
		return NULL;
	shown = sync_shown(s, ref);
	if (oid_zero(&shown))
		return never_sent(h, s, seen);
	f = repo_ref(&local, h->site.repo, ref);
	if (f != NULL)
		return f->code == FAULT_ABSENT ? NULL : f;
	if ((f = chain_meet(&side, &meet, &h->site, &local, &shown)) == NULL)
		*seen = side == CHAIN_SAME || side == CHAIN_BEHIND;
	return f;
}

fault
exchange_seen_again(struct home *h, const struct sync *s)
{
	bool restored, seen;
	fault f;

	if ((f = exchange_restored(h, &restored)) != NULL || !restored ||
	    (f = own_chain_seen(h, s, &seen)) != NULL || !seen)
		return f;
	return store_set(&h->store, "restored", BYTES_EMPTY);
}
