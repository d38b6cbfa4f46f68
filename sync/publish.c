#include "sync/publish.h"

#include <inttypes.h>
#include <string.h>

#include "sync/witness.h"

/* Where we stand in one call of publish. */
struct run {
	struct site	*site;
	const struct publish *plan;
	const struct signer *who;
	char		ref[REF_MAX];
	uint64_t	seq;		/* of our newest commit */
	struct hash	prev;
	size_t		sent;		/* changes that are in commits */
	size_t		receipts;	/* the same */
	bool		announced;	/* box, epoch and join stand */
	struct testimony seen;		/* for the next commit */
	size_t		*commits;
};

/*
 * The epoch to seal under: the newest that is bound.  Who has verified an
 * epoch never seals under an older one, so keys that have not come yet mean
 * that changes wait.
 */
static const struct epoch *
epoch_now(const struct site *s)
{
	return roster_epoch_at(s->roster, s->bound);
}

static fault
may_publish(const struct site *s)
{
	const struct member *me = roster_member(s->roster, &s->self);

	/* Not in it yet: the entry that invites us is still a draft. */
	if (me != NULL && (me->status == MEMBER_CUT ||
	    me->status == MEMBER_UNINVITED))
		return fault_new(FAULT_LOCKED, "this device is no longer a "
		    "member; what was saved stays here unsealed, ask a "
		    "coordinator");
	return NULL;
}

static fault
begin(struct run *r)
{
	struct commit last;
	struct oid head;
	fault f;

	ref_device(r->ref, &r->site->self);
	f = site_head(&last, &head, r->site, r->ref);
	if (f != NULL && f->code != FAULT_ABSENT)
		return f;
	if (f == NULL && memcmp(last.pk, r->who->pk, SIGN_PK) != 0)
		return fault_new(FAULT_TRUST, "this device's branch was "
		    "written with another key: its invitation was used twice; "
		    "your work is kept here, tell the coordinator");
	r->seq = f == NULL ? last.seq : 0;
	r->prev = f == NULL ? last.hash : (struct hash){ { 0 } };
	return NULL;
}

/* Lines that are due stand in the first commit of the call. */
static bool
announcing(const struct run *r)
{
	const struct publish *p = r->plan;

	/* After a kill the join line may stand in commit 1 already. */
	return !r->announced && (p->box || p->epoch != 0 ||
	    (p->join != NULL && r->seq == 0));
}

static void
lines(struct commit *c, const struct run *r)
{
	const struct publish *p = r->plan;

	*c = (struct commit){ .seq = 0 };
	if (!announcing(r))
		return;
	if ((c->has_box = p->box))
		memcpy(c->box, r->who->box_pk, sizeof c->box);
	if ((c->has_epoch = p->epoch != 0))
		c->epoch = p->epoch;
	if ((c->has_join = p->join != NULL && r->seq == 0))
		c->join = *p->join;
}

static struct segment_head
header(const struct run *r, uint32_t epoch)
{
	return (struct segment_head){
		.flags = epoch == 0 ? SEGMENT_ANNOUNCEMENT : 0,
		.project = r->site->roster->project,
		.device = r->site->self,
		.seq = r->seq + 1,
		.prev = r->prev,
		.epoch = epoch,
		.seen = r->seen.seen,
		.nseen = r->seen.n,
	};
}

/* The commit is durable before anybody is told that it is there. */
static fault
commit_blob(struct run *r, struct bytes blob)
{
	struct commit c;
	struct oid oid;
	fault f;

	lines(&c, r);
	if ((f = site_append(&oid, r->site, r->ref, &c, blob, r->who)) != NULL)
		return f;
	r->seq = c.seq;
	r->prev = c.hash;
	r->announced = true;
	++*r->commits;
	f = testimony_given(r->site, &r->seen);
	testimony_free(&r->seen);
	return f;
}

static fault
announce(struct run *r)
{
	struct segment_plan plan = { .head = header(r, 0) };
	struct buf blob = BUF_EMPTY;
	size_t taken;
	fault f = segment_seal(&blob, &taken, &plan, r->site->keys,
	    r->site->squeeze);

	if (f == NULL)
		f = commit_blob(r, buf_view(&blob));
	buf_free(&blob);
	return f;
}

/*
 * Changes come in the order in which they should arrive, urgent ones first;
 * within one segment their counters only rise.
 */
static size_t
rising(const struct publish *p, size_t from)
{
	size_t n = p->changes != NULL && from < p->nchanges;

	while (from + n < p->nchanges && n > 0 &&
	    p->changes[from + n]->dot.n > p->changes[from + n - 1]->dot.n)
		n++;
	return n;
}

static struct segment_plan
next_plan(const struct run *r, const struct epoch *e)
{
	const struct publish *p = r->plan;
	size_t nreceipts = p->nreceipts - r->receipts;

	return (struct segment_plan){
		.head = header(r, e->e),
		.g = e->g,
		.receipts = p->receipts == NULL ? NULL :
		    p->receipts + r->receipts,
		.nreceipts = nreceipts < WIRE_RECEIPTS_MAX ? nreceipts :
		    WIRE_RECEIPTS_MAX,
		.changes = p->changes == NULL ? NULL : p->changes + r->sent,
		.nchanges = rising(p, r->sent),
	};
}

static fault
send_some(struct run *r, const struct epoch *e)
{
	struct segment_plan plan = next_plan(r, e);
	struct buf blob = BUF_EMPTY;
	size_t taken = 0;
	fault f = segment_seal(&blob, &taken, &plan, r->site->keys,
	    r->site->squeeze);

	if (f == NULL && taken == 0 && plan.nchanges > 0)
		f = fault_new(FAULT_INVALID, "change %" PRIu64 " does not fit "
		    "into a segment; it stays saved here",
		    r->plan->changes[r->sent]->dot.n);
	if (f == NULL)
		f = commit_blob(r, buf_view(&blob));
	if (f == NULL) {
		r->receipts += plan.nreceipts;
		r->sent += taken;
		if (r->plan->done != NULL)
			f = r->plan->done(r->plan->arg, r->seq,
			    r->sent - taken, taken);
	}
	buf_free(&blob);
	return f;
}

static fault
publish_all(struct run *r)
{
	const struct publish *p = r->plan;
	const struct epoch *e = epoch_now(r->site);
	bool records = p->nchanges > 0 || p->nreceipts > 0;
	bool open = e != NULL && r->site->keys != NULL &&
	    keys_has_secret(r->site->keys, COMP_LEDGER, e->e) &&
	    keys_tree(r->site->keys, e->g) != NULL;
	fault f = NULL;

	/* What needs no secret goes out in any case. */
	if (announcing(r) && (!records || !open))
		f = announce(r);
	if (f != NULL || !records)
		return f;
	if (!open)
		return fault_new(FAULT_LOCKED, "the keys of the project's "
		    "newest epoch have not come to this device yet; its "
		    "changes stay saved here");
	while (f == NULL && (r->sent < p->nchanges ||
	    r->receipts < p->nreceipts))
		f = send_some(r, e);
	return f;
}

fault
publish(struct site *s, const struct publish *p, const struct signer *who,
    size_t *commits)
{
	struct run r = { .site = s, .plan = p, .who = who,
	    .commits = commits };
	fault f;

	*commits = 0;
	if (p->nchanges == 0 && p->nreceipts == 0 && !p->box &&
	    p->epoch == 0 && p->join == NULL)
		return NULL;
	if ((f = may_publish(s)) != NULL || (f = begin(&r)) != NULL ||
	    (f = testimony_due(&r.seen, s)) != NULL)
		return f;
	f = publish_all(&r);
	testimony_free(&r.seen);
	return f;
}
