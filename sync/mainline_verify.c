/*
 * mainline_verify -- is what a hub shows as main really the coordinators' work?
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sync/line.h"
#include "sync/mainline.h"
#include "sync/mainline_own.h"
#include "sync/pins.h"

/* A device's verified commits after what main accepted, newest first. */
struct track {
	struct id	device;
	struct oid	*at;
	size_t		n;
	uint64_t	seq;		/* of at[0] */
};

struct run {
	struct line	*line;
	struct mainline	state;		/* after the last verified commit */
	struct leaves	tree;
	struct track	*tracks;
	size_t		ntracks;
	uint64_t	generation;	/* greatest of the parents' */
};

/* --- devices' lines ----------------------------------------------------- */

/* Walked once for all accepts of the device in one verification. */
static fault
track_load(struct track *t, struct site *s, uint64_t after)
{
	struct commit c;
	struct oid at;
	char ref[REF_MAX];
	fault f;

	ref_device(ref, &t->device);
	f = site_head(&c, &at, s, ref);
	if (f != NULL)
		return f->code == FAULT_ABSENT ? NULL : f;
	t->seq = c.seq;
	if (c.seq <= after)
		return NULL;
	t->at = mem_new((size_t)(c.seq - after) * sizeof *t->at);
	while (c.seq > after) {
		t->at[t->n++] = at;
		if (!site_before(&at, &c))
			break;
		if ((f = site_commit(&c, s, &at)) != NULL)
			return f;
	}
	return NULL;
}

static fault
track_of(struct track **out, struct run *r, const struct id *device)
{
	const struct accepted *last = mainline_find(&r->state, device);
	struct track *t;

	for (size_t i = 0; i < r->ntracks; i++)
		if (id_eq(&r->tracks[i].device, device)) {
			*out = &r->tracks[i];
			return NULL;
		}
	r->tracks = mem_grow(r->tracks, (r->ntracks + 1) * sizeof *t);
	t = &r->tracks[r->ntracks++];
	*t = (struct track){ .device = *device };
	*out = t;
	return track_load(t, r->line->site, last == NULL ? 0 : last->seq);
}

/* --- who signed --------------------------------------------------------- */

static const struct member *
by_key(const struct roster *r, const uint8_t pk[SIGN_PK])
{
	for (size_t i = 0; i < r->nmembers; i++)
		if (memcmp(r->members[i].sign_pk, pk, SIGN_PK) == 0)
			return &r->members[i];
	return NULL;
}

/* Was it a coordinator at the position that the commit quotes? */
static bool
main_key(struct line *l)
{
	const struct member *m = by_key(l->site->roster, l->c.pk);

	if (strcmp(l->c.ref, l->check->ref) != 0)
		return line_member(l);
	if (m != NULL && m->coordinates_at != 0 &&
	    (l->c.roster_seq >= m->coordinates_at || m->cut_main_seq > 0) &&
	    mainline_admitted(m, l->c.roster_seq))
		return true;
	return line_bad(l, FIND_NOT_A_MEMBER, "main's commit %" PRIu64 " is "
	    "not signed by a coordinator", l->c.seq);
}

static bool
main_before_cut(struct line *l)
{
	const struct member *m = by_key(l->site->roster, l->c.pk);

	if (m == NULL || roster_main_counts(m, l->c.seq, l->c.roster_seq) ||
	    (l->c.seq == m->cut_main_seq &&
	    hash_eq(&l->c.hash, &m->cut_main_hash)))
		return true;
	l->check->cut = true;
	return line_bad(l, FIND_AFTER_CUT, "main's commit %" PRIu64 " comes "
	    "after its coordinator was cut off; it is kept apart", l->c.seq);
}

/* --- accept lines ------------------------------------------------------- */

static bool
accept_entitled(struct line *l, const struct accepted *a)
{
	const struct member *m = roster_member(l->site->roster, &a->device);
	char hex[ID_HEX];

	id_hex(hex, &a->device);
	if (!mainline_admitted(m, l->c.roster_seq))
		return line_bad(l, FIND_NOT_A_MEMBER, "main's commit %" PRIu64
		    " accepts device %s, which was not admitted", l->c.seq,
		    hex);
	if (roster_ends(m) && a->seq > m->cut_seq)
		return line_bad(l, FIND_AFTER_CUT, "main's commit %" PRIu64
		    " accepts what device %s wrote after its cut", l->c.seq,
		    hex);
	return true;
}

/* On the device's chain as we have verified it, and not accepted before? */
static bool
accept_on_chain(struct run *r, const struct accepted *a)
{
	const struct accepted *last = mainline_find(&r->state, &a->device);
	struct line *l = r->line;
	struct track *t;
	char hex[ID_HEX];

	id_hex(hex, &a->device);
	if (last != NULL && a->seq <= last->seq)
		return line_bad(l, FIND_REPLAYED, "main's commit %" PRIu64
		    " accepts commit %" PRIu64 " of device %s a second time",
		    l->c.seq, a->seq, hex);
	if ((l->fault = track_of(&t, r, &a->device)) != NULL)
		return false;
	if (a->seq > t->seq) {
		l->check->ahead = true;
		l->stopped = true;
		return false;
	}
	if (t->seq - a->seq < t->n &&
	    oid_eq(&t->at[t->seq - a->seq], &a->oid))
		return true;
	return line_bad(l, FIND_FORK, "main's commit %" PRIu64 " accepts "
	    "another commit %" PRIu64 " of device %s than the one we hold",
	    l->c.seq, a->seq, hex);
}

static bool
accept_holds(struct run *r, const struct accepted *a)
{
	struct line *l = r->line;
	struct commit c;
	struct tree_entry leaf;
	fault f;

	if (!accept_entitled(l, a) || !accept_on_chain(r, a))
		return false;
	if ((f = site_commit(&c, l->site, &a->oid)) != NULL ||
	    (f = leaf_of(&leaf, l->site, &c)) != NULL)
		return line_fault(l, f, &a->oid, OBJECT_COMMIT);
	if (!hash_eq(&c.hash, &a->hash))
		return line_bad(l, FIND_CORRUPT, "main's commit %" PRIu64
		    " names a hash that is not its parent's", l->c.seq);
	if (c.generation > r->generation)
		r->generation = c.generation;
	leaves_set(&r->tree, &leaf);
	return true;
}

/* All accept lines, then the date and the tree that they make. */
static bool
accepts_hold(struct run *r)
{
	struct line *l = r->line;
	struct leaves is = { NULL, 0 };
	struct accepted a;
	bool same;
	fault f;

	r->generation = l->last_generation;
	for (size_t i = 0; i < l->c.naccepts; i++) {
		a = mainline_accept(&l->c, i);
		if (!accept_holds(r, &a))
			return false;
	}
	if (l->c.generation != r->generation + 1)
		return line_bad(l, FIND_CORRUPT, "main's commit %" PRIu64
		    " does not bear the date of its place", l->c.seq);
	f = leaves_read(&is, l->site, &l->c.tree);
	same = f == NULL && leaves_eq(&is, &r->tree);
	leaves_free(&is);
	if (f != NULL && f->code != FAULT_FORMAT)
		return line_fault(l, f, &l->c.tree, OBJECT_TREE);
	return same || line_bad(l, FIND_FOREIGN_PATH, "the tree of main's "
	    "commit %" PRIu64 " is not what its accept lines make", l->c.seq);
}

static bool
main_step(struct run *r)
{
	struct line *l = r->line;

	return line_genesis(l) && main_key(l) && line_signed(l) &&
	    line_placed(l) && line_fork(l) && line_follows(l) &&
	    main_before_cut(l) && line_quotes(l) && accepts_hold(r);
}

static void
accept_all(struct run *r)
{
	struct accepted a;

	for (size_t i = 0; i < r->line->c.naccepts; i++) {
		a = mainline_accept(&r->line->c, i);
		mainline_set(&r->state, &a);
	}
}

static fault
start(struct run *r, const struct oid *from)
{
	struct commit c;
	fault f;

	if ((f = mainline_read(&r->state, r->line->site, from)) != NULL ||
	    oid_zero(from))
		return f;
	if ((f = site_commit(&c, r->line->site, from)) != NULL)
		return f;
	return leaves_read(&r->tree, r->line->site, &c.tree);
}

fault
mainline_verify(struct site *s, struct chain_check *check,
    struct findings *findings)
{
	struct line l;
	struct run r = { .line = &l };
	fault f;

	if ((f = line_open(&l, s, check, findings)) != NULL)
		return f;
	l.fault = start(&r, &check->from);
	while (line_next(&l) && main_step(&r)) {
		accept_all(&r);
		line_good(&l);
	}
	for (size_t i = 0; i < r.ntracks; i++)
		free(r.tracks[i].at);
	free(r.tracks);
	leaves_free(&r.tree);
	mainline_free(&r.state);
	return line_close(&l);
}
