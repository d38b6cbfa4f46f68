#include "sync/attest.h"

#include <string.h>

#include "sync/base/codec.h"

/* What one commit adds; an older one never replaces a newer statement. */
static void
hear(struct attest *a, const struct commit *c, bool *box, bool *epoch)
{
	if (!*box && (c->has_box || c->has_join)) {
		*box = a->has_box = true;
		memcpy(a->box_pk, c->has_box ? c->box : c->join.box_pk,
		    sizeof a->box_pk);
	}
	if (!*epoch && c->has_epoch) {
		*epoch = true;
		a->epoch = c->epoch;
		a->roster_seq = c->roster_seq;
	}
}

fault
attest_read(struct attest *a, struct site *s, const struct member *m)
{
	struct attest now = *a;
	bool box = false, epoch = false;
	char ref[REF_MAX];
	struct commit c;
	struct oid at;
	fault f;

	ref_device(ref, &m->device);
	if ((f = site_head(&c, &at, s, ref)) != NULL)
		return f->code == FAULT_ABSENT ? NULL : f;
	if (c.seq > now.seq)
		now.seq = c.seq;
	while (c.seq > a->seq && !(box && epoch)) {
		hear(&now, &c, &box, &epoch);
		if (!site_before(&at, &c))
			break;
		if ((f = site_commit(&c, s, &at)) != NULL)
			return f;
	}
	*a = now;
	return NULL;
}

void
attest_encode(struct buf *b, const struct attest *a)
{
	put_u64(b, a->seq);
	put_u8(b, a->has_box);
	buf_add(b, a->box_pk, sizeof a->box_pk);
	put_u32(b, a->epoch);
	put_u64(b, a->roster_seq);
}

bool
attest_decode(struct attest *a, struct bytes in)
{
	struct reader r = reader_of(in);
	struct attest x = { .seq = get_u64(&r) };
	struct bytes pk;

	x.has_box = get_u8(&r) != 0;
	pk = get_bytes(&r, sizeof x.box_pk);
	x.epoch = get_u32(&r);
	x.roster_seq = get_u64(&r);
	if (!reader_whole(&r))
		return false;
	memcpy(x.box_pk, pk.at, sizeof x.box_pk);
	*a = x;
	return true;
}
