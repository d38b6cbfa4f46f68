/*
 * exchange_remember -- what a save needs of the roster, kept in the store:
 * pack, role, when a box key was first seen.
 */
#include "fieldkit/exchange_own.h"

#include <stdio.h>
#include <stdlib.h>

#include "fieldkit/pack.h"
#include "sync/base/clock.h"

static fault
remember(struct home *h, const char *name, struct bytes value)
{
	struct buf now = BUF_EMPTY;
	fault f = store_get(&h->store, name, &now);

	if (f == NULL && !bytes_eq(buf_view(&now), value))
		f = store_set(&h->store, name, value);
	buf_free(&now);
	return f;
}

/*
 * Beside the pack's JSON what reading it makes, for every later command.  One
 * that this version cannot read has none: each command then says so.
 */
static fault
keep_pack(struct home *h, struct bytes json)
{
	struct buf kept = BUF_EMPTY;
	struct pack *p = NULL;
	fault f;

	if (pack_read(&p, json) == NULL)
		pack_keep(&kept, p, json);
	if ((f = db_begin(h->db)) != NULL)
		goto done;
	if ((f = store_set(&h->store, "pack", json)) == NULL)
		f = store_set(&h->store, "pack kept", buf_view(&kept));
	f = db_end(h->db, f);
done:
	pack_free(p);
	buf_free(&kept);
	return f;
}

static fault
remember_pack(struct home *h, struct bytes json)
{
	struct buf now = BUF_EMPTY, kept = BUF_EMPTY;
	struct pack *p = NULL;
	fault f;

	if ((f = store_get(&h->store, "pack", &now)) == NULL &&
	    (f = store_get(&h->store, "pack kept", &kept)) == NULL &&
	    !(bytes_eq(buf_view(&now), json) &&
	    pack_kept_of(buf_view(&kept), json) && pack_kept(&p, &kept)))
		f = keep_pack(h, json);
	pack_free(p);
	buf_free(&now);
	buf_free(&kept);
	return f;
}

/* Roster entries have no time: a box key's age counts from when it was first
 * seen here. */
static fault
remember_box(struct home *h, const struct member *m)
{
	struct buf now = BUF_EMPTY;
	char name[ID_HEX + 4], hex[ID_HEX];
	uint64_t ms = clock_wall_ms();
	struct reader r;
	fault f;

	snprintf(name, sizeof name, "box/%s", id_hex(hex, &m->device));
	if ((f = store_get(&h->store, name, &now)) != NULL)
		goto done;
	r = reader_of(buf_view(&now));
	if (bytes_eq(get_bytes(&r, 32), (struct bytes){ m->box_pk, 32 }))
		goto done;
	buf_clear(&now);
	buf_add(&now, m->box_pk, 32);
	put_u64(&now, ms);
	f = store_set(&h->store, name, buf_view(&now));
done:
	buf_free(&now);
	return f;
}

fault
exchange_box_age(struct home *h, const struct id *device, int64_t *days)
{
	struct buf now = BUF_EMPTY;
	char name[ID_HEX + 4], hex[ID_HEX];
	uint64_t ms = clock_wall_ms(), since;
	struct reader r;
	fault f;

	*days = -1;
	snprintf(name, sizeof name, "box/%s", id_hex(hex, device));
	if ((f = store_get(&h->store, name, &now)) == NULL && now.len == 40) {
		r = reader_of(buf_view(&now));
		get_bytes(&r, 32);
		since = get_u64(&r);
		*days = since > ms ? 0 : (int64_t)((ms - since) / 86400000);
	}
	buf_free(&now);
	return f;
}

/* The same of the newest epoch, by which it is time for another. */
static fault
remember_epoch(struct home *h)
{
	const struct epoch *e = roster_epoch_at(h->site.roster, h->site.bound);
	struct buf now = BUF_EMPTY;
	struct reader r;
	uint64_t ms = clock_wall_ms();
	fault f;

	if (e == NULL)
		return NULL;
	if ((f = store_get(&h->store, "epoch/seen", &now)) != NULL)
		return f;
	r = reader_of(buf_view(&now));
	if (now.len != 12 || get_u32(&r) != e->e) {
		buf_clear(&now);
		put_u32(&now, e->e);
		put_u64(&now, ms);
		f = store_set(&h->store, "epoch/seen", buf_view(&now));
	}
	buf_free(&now);
	return f;
}

fault
exchange_epoch_age(struct home *h, int64_t *days)
{
	struct buf now = BUF_EMPTY;
	uint64_t ms = clock_wall_ms(), since;
	struct reader r;
	fault f;

	*days = 0;
	if ((f = store_get(&h->store, "epoch/seen", &now)) == NULL &&
	    now.len == 12) {
		r = reader_of(buf_view(&now));
		get_u32(&r);
		since = get_u64(&r);
		*days = since > ms ? 0 : (int64_t)((ms - since) / 86400000);
	}
	buf_free(&now);
	return f;
}

fault
exchange_remember(struct home *h)
{
	const struct roster *ro = h->site.roster;
	const struct member *me = roster_member(ro, &h->device);
	uint8_t role = me == NULL ? 0 : (uint8_t)me->standing;
	fault f;

	/* Of all members at once: a commit costs five waits for the disk. */
	if ((f = db_begin(h->db)) != NULL)
		return f;
	if (ro->pack.len > 0)
		f = remember_pack(h, buf_view(&ro->pack));
	if (f == NULL && role != 0)
		f = remember(h, "role", (struct bytes){ &role, 1 });
	for (size_t i = 0; f == NULL && i < ro->nmembers; i++)
		if (ro->members[i].status == MEMBER_ACTIVE)
			f = remember_box(h, &ro->members[i]);
	if (f == NULL)
		f = remember_epoch(h);
	return db_end(h->db, f);
}

enum role
exchange_role(const struct home *h)
{
	const struct member *me = roster_member(h->site.roster, &h->device);

	return me == NULL ? 0 : me->standing;
}
