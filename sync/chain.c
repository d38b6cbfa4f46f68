#include "sync/chain.h"

#include <inttypes.h>
#include <string.h>

#include "sync/base/codec.h"
#include "sync/hub_id.h"
#include "sync/line.h"
#include "sync/segment.h"

/* --- along a line ------------------------------------------------------- */

fault
chain_at(struct oid *out, struct site *s, const struct oid *head, uint64_t seq)
{
	struct oid at = *head;
	struct commit c;
	fault f;

	for (;;) {
		if ((f = site_commit(&c, s, &at)) != NULL)
			return f;
		if (c.seq == seq)
			break;
		if (c.seq < seq || !site_before(&at, &c))
			return fault_new(FAULT_ABSENT, "there is no commit %"
			    PRIu64 " on %s", seq, c.ref);
	}
	*out = at;
	return NULL;
}

/*
 * A number that a stranger's commit claims may only cost us a walk: ours is
 * followed down to it, and what then does not meet is apart.
 */
fault
chain_meet(enum chain_side *side, struct oid *meet, struct site *s,
    const struct oid *ours, const struct oid *theirs)
{
	struct oid a = *ours, b = *theirs, before;
	struct commit c;
	uint64_t seq, steps;
	bool more = true;
	fault f;

	*meet = (struct oid){ { 0 } };
	*side = CHAIN_AHEAD;
	if (oid_zero(ours))
		return NULL;
	if ((f = site_commit(&c, s, &a)) != NULL)
		return f;
	*side = CHAIN_APART;
	for (steps = c.seq + WIRE_LINE_MAX; more && steps > 0; steps--) {
		if ((f = line_back(&more, &before, &seq, s, &b)) != NULL)
			return f;
		while (seq != 0 && c.seq > seq && site_before(&a, &c))
			if ((f = site_commit(&c, s, &a)) != NULL)
				return f;
		if (oid_eq(&a, &b)) {
			*meet = a;
			*side = oid_eq(ours, theirs) ? CHAIN_SAME :
			    oid_eq(&a, ours) ? CHAIN_AHEAD :
			    oid_eq(&a, theirs) ? CHAIN_BEHIND : CHAIN_APART;
			return NULL;
		}
		b = before;
	}
	return NULL;
}

fault
chain_foreign(bool *foreign, struct site *s, const char *ref,
    const struct oid *oid)
{
	struct commit c;
	fault f = site_commit(&c, s, oid);

	*foreign = false;
	if (f != NULL)
		return f->code == FAULT_FORMAT || f->code == FAULT_ABSENT ?
		    NULL : f;
	*foreign = strcmp(c.ref, ref) != 0 || (!hash_zero(&c.genesis) &&
	    !hash_eq(&c.genesis, &s->genesis));
	return NULL;
}

/* --- devices ------------------------------------------------------------ */

struct device {
	const struct member *member;	/* NULL: the ref is nobody's */
	bool		joined;		/* pk is known from the join line */
	uint8_t		pk[SIGN_PK];
	struct segment_head head;
	size_t		carried;	/* bytes, of a pending chain */
};

static bool
admitted(const struct member *m)
{
	return m->admitted_at != 0 || m->invited_at == 0;
}

/* The segment's clear header, of a commit that is of a device's ref. */
static bool
device_head(struct line *l, struct device *d)
{
	fault f;

	segment_head_free(&d->head);
	d->head = (struct segment_head){ .flags = 0 };
	if (ref_kind(l->c.ref, NULL, NULL) != REF_DEVICE)
		return true;
	f = segment_read_head(&d->head, buf_view(&l->blob));
	return f == NULL || line_bad(l, FIND_CORRUPT, "the segment of commit %"
	    PRIu64 " is damaged: %.200s", l->c.seq, f->text);
}

/* Has another joiner, whom we carry, come with this key already? */
static fault
key_carried(bool *yes, struct line *l, const struct member *m)
{
	const struct roster *r = l->site->roster;
	struct commit c;
	struct oid head;
	char ref[REF_MAX];
	fault f;

	*yes = false;
	for (size_t i = 0; i < r->nmembers && !*yes; i++) {
		if (&r->members[i] == m || admitted(&r->members[i]))
			continue;
		ref_device(ref, &r->members[i].device);
		f = site_head(&c, &head, l->site, ref);
		if (f != NULL && f->code != FAULT_ABSENT)
			return f;
		*yes = f == NULL &&
		    memcmp(c.pk, l->c.join.sign_pk, SIGN_PK) == 0;
	}
	return NULL;
}

/* A key that no entry could admit would bar the way of all others. */
static bool
join_fits(struct line *l, const struct member *m)
{
	const struct commit *c = &l->c;
	bool carried = false;

	if (!c->has_join || !roster_join_fits(l->site->roster, m, &c->join))
		return line_bad(l, FIND_NOT_A_MEMBER, "the first commit does "
		    "not take up this device's invitation");
	if (!admitted(m) &&
	    (l->fault = key_carried(&carried, l, m)) != NULL)
		return false;
	return !carried || line_bad(l, FIND_REPLAYED, "this joiner comes with "
	    "the key of another joiner; tell the coordinator");
}

/* A joiner's key stands in its first commit until it is admitted. */
static bool
joined_key(struct line *l, struct device *d)
{
	struct commit first;
	struct oid oid;
	fault f;

	if (d->joined)
		return true;
	if (oid_zero(&l->last))
		return line_bad(l, FIND_GAP, "the chain of a joiner does not "
		    "begin with its first commit");
	f = chain_at(&oid, l->site, &l->last, 1);
	if (f == NULL)
		f = site_commit(&first, l->site, &oid);
	if (f != NULL)
		return line_fault(l, f, &l->last, OBJECT_COMMIT);
	memcpy(d->pk, first.join.sign_pk, SIGN_PK);
	d->joined = true;
	return true;
}

/* Who only reads may announce, and nothing else. */
static bool
device_may_write(struct line *l, const struct device *d)
{
	const struct member *m = d->member;

	if ((m->caps & CAP_WRITE) ||
	    (d->head.flags & SEGMENT_ANNOUNCEMENT) ||
	    (m->cut_at != 0 && l->c.roster_seq < m->cut_at))
		return true;
	return line_bad(l, FIND_NOT_A_MEMBER, "commit %" PRIu64 " holds "
	    "records, but its device may only read", l->c.seq);
}

/* Whose key may sign here? */
static bool
device_key(struct line *l, struct device *d)
{
	const struct member *m = d->member;
	const uint8_t *pk = d->pk;

	if (strcmp(l->c.ref, l->check->ref) != 0)
		return line_member(l);
	if (m == NULL || m->status == MEMBER_UNINVITED)
		return line_bad(l, FIND_NOT_A_MEMBER, "the roster does not "
		    "know the device of this branch");
	if (l->c.seq == 1 && m->invited_at != 0) {
		if (!join_fits(l, m))
			return false;
		memcpy(d->pk, l->c.join.sign_pk, SIGN_PK);
		d->joined = true;
	} else if (admitted(m))
		pk = m->sign_pk;
	else if (!joined_key(l, d))
		return false;
	if (memcmp(l->c.pk, pk, SIGN_PK) != 0)
		return line_bad(l, FIND_NOT_A_MEMBER, "commit %" PRIu64 " is "
		    "signed by another key than this device's", l->c.seq);
	return device_may_write(l, d);
}

static bool
segment_placed(struct line *l, const struct device *d)
{
	const struct segment_head *h = &d->head;

	if (id_eq(&h->project, &l->site->roster->project) &&
	    id_eq(&h->device, &l->device) && h->seq == l->c.seq &&
	    hash_eq(&h->prev, &l->c.prev))
		return true;
	return line_bad(l, FIND_REPLAYED, "the segment of commit %" PRIu64
	    " was made for another place", l->c.seq);
}

/* One invitation, one joiner: the first that was seen or admitted. */
static bool
invitation_unused(struct line *l, const struct device *d)
{
	const struct member *m = d->member;

	if (l->c.seq != 1 || !d->joined)
		return true;
	if ((!admitted(m) || memcmp(m->sign_pk, d->pk, SIGN_PK) == 0) &&
	    (l->nheld == 0 || oid_eq(&l->held[0], &l->oid)))
		return true;
	l->check->twice = true;
	return line_bad(l, FIND_REPLAYED, "this device's invitation was used "
	    "twice; nothing is lost, tell the coordinator");
}

static bool
before_cut(struct line *l, const struct device *d)
{
	const struct member *m = d->member;

	/* A demoted device's chain goes on: what of it counts is asked when it
	 * is opened. */
	if (!roster_ends(m) || l->check->beyond ||
	    l->c.seq < m->cut_seq ||
	    (l->c.seq == m->cut_seq && hash_eq(&l->c.hash, &m->cut_hash)))
		return true;
	l->check->cut = true;
	return line_bad(l, FIND_AFTER_CUT, "commit %" PRIu64 " comes after "
	    "this device was cut off; it is kept apart", l->c.seq);
}

/* What an open invitation may bring before anybody has admitted it. */
static bool
carry_bound(struct line *l, struct device *d)
{
	if (admitted(d->member))
		return true;
	l->check->pending = true;
	d->carried += l->blob.len;
	return d->carried <= WIRE_FETCH_MAX || line_bad(l, FIND_OVERSIZED,
	    "the chain of a joiner is larger than the %u bytes allowed before "
	    "it is admitted", WIRE_FETCH_MAX);
}

static bool
device_step(struct line *l, struct device *d)
{
	return line_entry(l) && line_genesis(l) && line_blob(l) &&
	    device_head(l, d) && line_dated(l) && device_key(l, d) &&
	    line_signed(l) && line_placed(l) && segment_placed(l, d) &&
	    invitation_unused(l, d) && line_fork(l) && line_follows(l) &&
	    before_cut(l, d) && line_quotes(l) && carry_bound(l, d);
}

/* What a pending chain has carried before. */
static fault
carried_before(struct device *d, struct line *l)
{
	struct oid at = l->last;
	struct buf b = BUF_EMPTY;
	struct commit c;
	fault f = NULL;

	if (d->member == NULL || admitted(d->member) || l->last_seq == 0)
		return NULL;
	l->check->pending = true;
	do {
		buf_clear(&b);
		if ((f = site_commit(&c, l->site, &at)) == NULL)
			f = site_blob(&b, l->site, &c);
		d->carried += b.len;
	} while (f == NULL && site_before(&at, &c));
	buf_free(&b);
	return f;
}

static void
verify_device(struct line *l,
    fault (*each)(void *arg, const struct chain_step *), void *arg)
{
	struct device d = { .member = roster_member(l->site->roster,
	    &l->device) };
	struct chain_step step;

	l->fault = carried_before(&d, l);
	while (line_next(l) && device_step(l, &d)) {
		step = (struct chain_step){ l->oid, l->c, &d.head };
		if (each != NULL && (l->fault = each(arg, &step)) != NULL)
			break;
		line_good(l);
	}
	segment_head_free(&d.head);
}

/* --- the roster --------------------------------------------------------- */

/*
 * A coordinator as of the entry before; the paper key may recover, and a
 * member with its word.
 */
static bool
entry_key(struct line *l, const struct roster *r)
{
	if (strcmp(l->c.ref, l->check->ref) != 0)
		return line_member(l);
	return l->c.seq == 1 || site_coordinates(r, l->c.pk) ||
	    memcmp(l->c.pk, r->paper_sign, SIGN_PK) == 0 ||
	    (roster_signer(r, l->c.pk) != NULL &&
	    roster_recovers(buf_view(&l->blob))) || line_bad(l,
	    FIND_NOT_A_MEMBER, "roster entry %" PRIu64 " is not signed by a "
	    "coordinator", l->c.seq);
}

static bool
entry_holds(struct line *l, struct roster *r)
{
	fault f;

	if (l->c.seq > 1 && !hash_eq(&l->c.roster_hash, &l->c.prev))
		return line_bad(l, FIND_GAP, "roster entry %" PRIu64 " quotes "
		    "another entry than the one before it", l->c.seq);
	f = roster_apply(r, &l->c, buf_view(&l->blob), l->site->keys,
	    l->site->squeeze);
	if (f == NULL)
		return true;
	if (f->code == FAULT_FORMAT)
		return line_bad(l, FIND_CORRUPT, "roster entry %" PRIu64
		    " is damaged: %.200s", l->c.seq, f->text);
	if (f->code == FAULT_TRUST)
		return line_bad(l, FIND_NOT_A_MEMBER, "roster entry %" PRIu64
		    " is not allowed: %.200s", l->c.seq, f->text);
	l->fault = f;
	return false;
}

static bool
roster_step(struct line *l, struct roster *r)
{
	return line_entry(l) && line_genesis(l) && line_blob(l) &&
	    line_dated(l) && entry_key(l, r) && line_signed(l) &&
	    line_placed(l) && line_fork(l) && line_follows(l) &&
	    entry_holds(l, r);
}

static void
verify_roster(struct line *l,
    fault (*each)(void *arg, const struct chain_step *), void *arg)
{
	struct roster *r = NULL;
	struct chain_step step;

	l->fault = site_roster_at(&r, l->site, &l->check->from);
	while (line_next(l) && roster_step(l, r)) {
		step = (struct chain_step){ l->oid, l->c, NULL };
		if (each != NULL && (l->fault = each(arg, &step)) != NULL)
			break;
		line_good(l);
	}
	roster_free(r);
}

/* --- hub and keyring: one commit each ----------------------------------- */

static bool
hub_whole(struct bytes in)
{
	struct hub_id h;

	return hub_id_get(&h, in);
}

/* The clear shape of WIRE.md 7; what the boxes hold is for their owners. */
static bool
keyring_whole(struct bytes in, uint64_t n)
{
	struct reader r = reader_of(in);
	bool ours = bytes_is(get_bytes(&r, 6), "KITRNG");

	ours = get_u16(&r) == WIRE_FORMAT && ours;
	ours = get_u64(&r) == n && ours;
	get_u64(&r);
	get_bytes(&r, WIRE_HASH_LEN);
	for (uint16_t i = get_u16(&r); i > 0; i--)
		get_bytes(&r, get_u32(&r));
	for (uint16_t i = get_u16(&r); i > 0; i--) {
		get_bytes(&r, WIRE_ID_LEN + 8);
		get_bytes(&r, get_u32(&r));
	}
	return ours && reader_whole(&r);
}

static bool
single_key(struct line *l)
{
	if (l->kind == REF_HUB || strcmp(l->c.ref, l->check->ref) != 0)
		return line_member(l);
	return roster_coordinated(l->site->roster, l->c.pk,
	    l->c.roster_seq) || line_bad(l,
	    FIND_NOT_A_MEMBER, "the keyring is not signed by a coordinator");
}

static bool
single_whole(struct line *l)
{
	bool whole = l->kind == REF_HUB ? hub_whole(buf_view(&l->blob)) :
	    keyring_whole(buf_view(&l->blob), l->c.seq);

	if (strcmp(l->c.ref, l->check->ref) != 0)
		return true;	/* line_placed will say so */
	return (whole && l->c.generation == 1) || line_bad(l, FIND_CORRUPT,
	    "what %s holds is not of its form", l->check->ref);
}

static bool
single_step(struct line *l)
{
	return line_entry(l) && line_genesis(l) && line_blob(l) &&
	    single_whole(l) && single_key(l) && line_signed(l) &&
	    line_placed(l) && line_quotes(l);
}

static void
verify_single(struct line *l,
    fault (*each)(void *arg, const struct chain_step *), void *arg)
{
	struct chain_step step;

	if (!line_next(l) || !single_step(l))
		return;
	step = (struct chain_step){ l->oid, l->c, NULL };
	if (each == NULL || (l->fault = each(arg, &step)) == NULL)
		line_good(l);
}

fault
chain_verify(struct site *s, struct chain_check *check,
    struct findings *findings,
    fault (*each)(void *arg, const struct chain_step *), void *arg)
{
	struct line l;
	fault f;

	if ((f = line_open(&l, s, check, findings)) != NULL)
		return f;
	switch (l.kind) {
	case REF_DEVICE:
		verify_device(&l, each, arg);
		break;
	case REF_ROSTER:
		verify_roster(&l, each, arg);
		break;
	case REF_HUB:
	case REF_KEYRING:
		verify_single(&l, each, arg);
		break;
	case REF_MAIN:
	case REF_OTHER:
		l.fault = fault_new(FAULT_FAIL, "%s is no chain", check->ref);
	}
	return line_close(&l);
}
