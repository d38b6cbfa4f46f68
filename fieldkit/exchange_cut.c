/*
 * exchange_cut -- a cut in the store: what was imported from beyond it goes
 * into quarantine, and what arrives from there goes nowhere else.
 */
#include "fieldkit/exchange_own.h"

#include <stdio.h>

#include "fieldkit/search.h"
#include "sync/collect.h"
#include "sync/cut.h"

/* What we have applied of a member's cut, in a setting of this name. */
static void
setting(char name[ID_HEX + 8], const char *what, const struct id *device)
{
	char hex[ID_HEX];

	snprintf(name, ID_HEX + 8, "%s/%s", what, id_hex(hex, device));
}

static fault
applied(bool *yes, struct home *h, const struct member *m, struct buf *now)
{
	struct buf had = BUF_EMPTY;
	char name[ID_HEX + 8];
	fault f;

	buf_clear(now);
	put_u64(now, m->cut_at);
	put_u64(now, m->cut_seq);
	setting(name, "cut", &m->device);
	f = store_get(&h->store, name, &had);
	*yes = f == NULL && bytes_eq(buf_view(&had), buf_view(now));
	buf_free(&had);
	return f;
}

/*
 * Its words go too.  The index has no texts to take them out by, and its rows
 * are named by positions, which SQLite gives again once the newest changes are
 * gone: what is written next would not be found.
 */
static fault
cut(struct home *h, const struct member *m)
{
	bool any;
	fault f = store_cut(&h->store, &m->device, m->cut_seq, &any);

	if (f != NULL || !any || (f = search_start(h->db)) != NULL)
		return f;
	return search_rebuild(&h->store);
}

/* Our own work is not ours to hide: it stays where it is, unsent. */
static fault
apply_one(struct home *h, const struct member *m)
{
	struct buf now = BUF_EMPTY;
	char name[ID_HEX + 8];
	bool yes;
	fault f;

	if ((f = applied(&yes, h, m, &now)) != NULL || yes)
		goto done;
	if ((f = db_begin(h->db)) != NULL)
		goto done;
	f = cut(h, m);
	setting(name, "cut", &m->device);
	if (f == NULL)
		f = store_set(&h->store, name, buf_view(&now));
	f = db_end(h->db, f);
done:
	buf_free(&now);
	return f;
}

fault
exchange_apply_cuts(struct home *h)
{
	const struct roster *ro = h->site.roster;
	fault f = NULL;

	for (size_t i = 0; f == NULL && i < ro->nmembers; i++) {
		const struct member *m = &ro->members[i];

		if (m->cut_at != 0 && m->cut_at <= h->site.bound &&
		    !id_eq(&m->device, &h->device))
			f = apply_one(h, m);
	}
	return f;
}

bool
exchange_beyond_cut(const struct member *m, const struct commit *c)
{
	return m != NULL && m->cut_at != 0 && c->seq > m->cut_seq &&
	    (m->status == MEMBER_CUT || c->roster_seq < m->cut_at);
}

fault
exchange_set_aside(struct home *h, const struct collected *c)
{
	fault f = db_begin(h->db);

	if (f != NULL)
		return f;
	for (size_t i = 0; f == NULL && i < c->segment->nchanges; i++)
		f = store_set_aside(&h->store, &c->segment->changes[i],
		    c->commit->seq);
	return db_end(h->db, f);
}

struct beyond {
	struct home	*home;
	const struct member *member;
};

static fault
take(void *arg, const struct collected *c)
{
	struct beyond *b = arg;
	struct buf seq = BUF_EMPTY;
	char name[ID_HEX + 8];
	fault f = exchange_set_aside(b->home, c);

	if (f == NULL) {
		setting(name, "beyond", &b->member->device);
		put_u64(&seq, c->commit->seq);
		f = store_set(&b->home->store, name, buf_view(&seq));
	}
	buf_free(&seq);
	return f;
}

/* What does not open there is nobody's loss but its writer's. */
fault
exchange_import_beyond(struct home *h, const struct member *m)
{
	struct beyond b = { h, m };
	struct buf had = BUF_EMPTY;
	char name[ID_HEX + 8];
	struct reader r;
	fault f;

	if (!cut_ends(m))
		return NULL;
	setting(name, "beyond", &m->device);
	if ((f = store_get(&h->store, name, &had)) == NULL) {
		r = reader_of(buf_view(&had));
		f = collect_beyond(&h->site, m, had.len == 8 ? get_u64(&r) : 0,
		    take, &b);
	}
	buf_free(&had);
	return f != NULL && (f->code == FAULT_TRUST ||
	    f->code == FAULT_LOCKED) ? NULL : f;
}
