#include "fieldkit/newcomers.h"

#define SEEN "readers/seen"	/* u64: bound entry at the last visit */

static bool
reads_more(const struct member *m)
{
	return m->standing_before == 0 || m->standing < m->standing_before;
}

static bool
is_new(const struct home *h, const struct member *m, uint64_t seen)
{
	if (m->status != MEMBER_ACTIVE || id_eq(&m->device, &h->device))
		return false;
	return m->admitted_at > seen ||
	    (m->standing_at > seen && reads_more(m));
}

fault
newcomers(struct home *h, void (*each)(void *arg, const struct member *),
    void *arg)
{
	const struct roster *ro = h->site.roster;
	struct buf b = BUF_EMPTY;
	struct reader r;
	uint64_t seen;
	fault f = store_get(&h->store, SEEN, &b);

	r = reader_of(buf_view(&b));
	seen = b.len == 8 ? get_u64(&r) : h->site.bound;
	for (size_t i = 0; f == NULL && i < ro->nmembers; i++)
		if (is_new(h, &ro->members[i], seen))
			each(arg, &ro->members[i]);
	if (f == NULL && (b.len != 8 || seen != h->site.bound)) {
		buf_clear(&b);
		put_u64(&b, h->site.bound);
		f = store_set(&h->store, SEEN, buf_view(&b));
	}
	buf_free(&b);
	return f;
}
