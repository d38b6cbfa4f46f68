#include "sync/collect.h"

#include <inttypes.h>
#include <stdlib.h>

#include "sync/cut.h"
#include "sync/mainline_own.h"

struct run {
	struct site	*site;
	struct oid	*line;		/* the commits to open, newest first */
	size_t		n;
};

/*
 * From the head of ref, which ends at a cut, back to `opened`.
 */
static fault
gather(struct run *r, const char *ref, uint64_t opened)
{
	struct commit c;
	struct oid at;
	size_t room = 0;
	fault f;

	f = site_head(&c, &at, r->site, ref);
	if (f != NULL)
		return f->code == FAULT_ABSENT ? NULL : f;
	while (c.seq > opened) {
		if (r->n == room) {
			room = room == 0 ? 64 : room * 2;
			r->line = mem_grow(r->line, room * sizeof *r->line);
		}
		r->line[r->n++] = at;
		if (!site_before(&at, &c))
			break;
		if ((f = site_commit(&c, r->site, &at)) != NULL)
			return f;
	}
	return NULL;
}

/*
 * The epoch that was the newest at the roster position which the commit
 * quotes: an older one could be read by whom a rotation has locked out.
 */
static fault
epoch_allowed(uint32_t *g, const struct roster *r, const struct commit *c,
    uint32_t e)
{
	const struct epoch *newest = roster_epoch_at(r, c->roster_seq);

	if (newest == NULL || newest->e != e)
		return fault_new(FAULT_TRUST, "sealed under epoch %" PRIu32
		    ", which was not the newest then", e);
	*g = newest->g;
	return NULL;
}

static fault
open_blob(struct segment *seg, struct site *s, const struct commit *c,
    struct bytes blob)
{
	struct segment_head head;
	uint32_t g = 0;
	fault f;

	if ((f = segment_read_head(&head, blob)) != NULL)
		return f;
	if ((head.flags & SEGMENT_ANNOUNCEMENT) == 0)
		f = epoch_allowed(&g, s->roster, c, head.epoch);
	segment_head_free(&head);
	if (f == NULL && s->keys == NULL)
		f = fault_new(FAULT_LOCKED, "the kit is locked");
	if (f == NULL)
		f = segment_open(seg, blob, g, &s->self, s->keys, s->squeeze);
	return f;
}

static fault
open_one(struct site *s, const struct oid *oid,
    fault (*take)(void *arg, const struct collected *), void *arg)
{
	struct buf blob = BUF_EMPTY;
	struct segment seg = { .nchanges = 0 };
	struct commit c = { .seq = 0 };
	struct collected one = { &c, &seg, oid };
	fault f;

	if ((f = site_commit(&c, s, oid)) != NULL ||
	    (f = site_blob(&blob, s, &c)) != NULL)
		goto done;
	f = open_blob(&seg, s, &c, buf_view(&blob));
	if (f != NULL) {
		/* Verified bytes of a wrong form are their writer's doing. */
		f = f->code == FAULT_FORMAT || f->code == FAULT_TRUST ?
		    fault_new(FAULT_TRUST, "commit %" PRIu64 " of %s does not "
		    "open (%.200s); what it holds is kept", c.seq, c.ref,
		    f->text) : fault_while(f, "commit %" PRIu64 " of %s",
		    c.seq, c.ref);
		goto done;
	}
	f = take(arg, &one);
done:
	segment_free(&seg);
	buf_free(&blob);
	return f;
}

static fault
collect_ref(struct site *s, const char *ref, uint64_t opened,
    fault (*take)(void *arg, const struct collected *), void *arg)
{
	struct run r = { .site = s };
	fault f = gather(&r, ref, opened);

	while (f == NULL && r.n > 0)
		f = open_one(s, &r.line[--r.n], take, arg);
	free(r.line);
	return f;
}

fault
collect(struct site *s, const struct id *device, uint64_t opened,
    fault (*take)(void *arg, const struct collected *), void *arg)
{
	const struct member *m = roster_member(s->roster, device);
	char ref[REF_MAX];

	/*
	 * Who is only invited is carried, not opened, until its admission has
	 * bound; our own work is ours.
	 */
	if (!id_eq(device, &s->self) && !mainline_admitted(m, s->bound))
		return NULL;
	ref_device(ref, device);
	return collect_ref(s, ref, opened, take, arg);
}

fault
collect_beyond(struct site *s, const struct member *m, uint64_t opened,
    fault (*take)(void *arg, const struct collected *), void *arg)
{
	char ref[REF_MAX];

	if (!cut_ends(m))
		return NULL;
	cut_ref(ref, &m->device);
	return collect_ref(s, ref, opened < m->cut_seq ? m->cut_seq : opened,
	    take, arg);
}
