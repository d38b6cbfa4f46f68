/*
 * exchange_seal -- outstanding changes into signed commits, after what a kill or
 * a copy of this device has left on our own chain is adopted.
 */
#include "fieldkit/exchange_own.h"

#include <stdlib.h>
#include <string.h>

#include "fieldkit/box.h"
#include "sync/collect.h"
#include "sync/envelope.h"
#include "sync/publish.h"

struct sealing {
	struct home	*home;
	const struct change **changes;
};

/* A commit is durable: remember which of our dots it carries, as runs. */
static fault
sealed(void *arg, uint64_t seq, size_t first, size_t n)
{
	struct sealing *s = arg;
	struct store *st = &s->home->store;
	fault f;

	if ((f = db_begin(st->db)) != NULL)
		return f;
	for (size_t i = 0, run; f == NULL && i < n; i += run) {
		const struct change *c = s->changes[first + i];

		for (run = 1; i + run < n &&
		    s->changes[first + i + run]->dot.n == c->dot.n + run; run++)
			;
		f = store_carried(st, &s->home->device, seq, c->dot.n,
		    c->dot.n + run - 1);
	}
	if (f == NULL)
		f = store_set_opened(st, &s->home->device, seq);
	return db_end(st->db, f);
}

/* The join line waits in a setting until our first commit has carried it. */
static fault
join_waiting(struct home *h, struct join *j, bool *waiting)
{
	struct buf b = BUF_EMPTY;
	struct oid head;
	char ref[REF_MAX];
	fault f = store_get(&h->store, "join", &b);

	*waiting = f == NULL && b.len == sizeof *j;
	if (*waiting)
		memcpy(j, b.at, sizeof *j);
	ref_device(ref, &h->device);
	if (f == NULL && *waiting) {
		f = repo_ref(&head, h->site.repo, ref);
		if (f == NULL)
			*waiting = false;
		else if (f->code == FAULT_ABSENT)
			f = NULL;
	}
	buf_free(&b);
	return f;
}

/*
 * A kill between a commit and its mark in the database leaves our own branch
 * ahead: what it carries is marked before anything new is sealed.
 */
struct adopting {
	struct home	*home;
	size_t		clashes;	/* dots that a copy of us used too */
};

static fault
own_taken(void *arg, const struct collected *c)
{
	struct adopting *a = arg;
	struct home *h = a->home;
	const struct segment *s = c->segment;
	fault f;

	if ((f = db_begin(h->db)) != NULL)
		return f;
	for (size_t i = 0; f == NULL && i < s->nchanges; i++) {
		f = store_put(&h->store, &s->changes[i], NULL);
		if (f != NULL && f->code == FAULT_ERASED)
			f = NULL;	/* dropped, and carried all the same */
		/* The chain's is in quarantine; ours is not what it carries. */
		if (f != NULL && f->code == FAULT_TRUST) {
			a->clashes++;
			f = NULL;
			continue;
		}
		if (f == NULL)
			f = store_carried(&h->store, &h->device,
			    c->commit->seq, s->changes[i].dot.n,
			    s->changes[i].dot.n);
	}
	if (f == NULL)
		f = store_set_opened(&h->store, &h->device, c->commit->seq);
	return db_end(h->db, f);
}

static fault
adopt_own(struct home *h, size_t *clashes)
{
	struct adopting a = { h, 0 };
	uint64_t opened;
	size_t again = 0;
	fault f = store_opened(&h->store, &h->device, &opened);

	if (f == NULL)
		f = exchange_reissue(h, opened, &again, own_taken, &a);
	if (f == NULL && again == 0)
		f = collect(&h->site, &h->device, opened, own_taken, &a);
	*clashes = a.clashes + again;
	return f;
}

struct taken {			/* own counters in quarantine */
	const struct id	*self;
	uint64_t	*n;
	size_t		count;
};

static fault
note_taken(void *arg, const struct quarantined *q)
{
	struct taken *t = arg;

	if (!id_eq(&q->dot.device, t->self))
		return NULL;
	t->n = mem_grow(t->n, (t->count + 1) * sizeof *t->n);
	t->n[t->count++] = q->dot.n;
	return NULL;
}

/*
 * A change whose dot a copy of this device has published with other content
 * stays saved here: sealed under that name it would be taken for a forgery.
 * list keeps those that may go; their number.
 */
static fault
may_go(struct home *h, const struct change **list, size_t *n)
{
	struct taken t = { .self = &h->device };
	fault f = store_each_quarantined(&h->store, note_taken, &t);
	size_t left = 0;

	for (size_t i = 0; f == NULL && i < *n; i++) {
		bool clash = false;

		for (size_t k = 0; k < t.count; k++)
			clash |= t.n[k] == list[i]->dot.n;
		if (!clash)
			list[left++] = list[i];
	}
	if (f == NULL)
		*n = left;
	free(t.n);
	return f;
}

/* --- what our commits say of our keys ------------------------------------ */

/* Up to which epoch, as of the bound entry that our commits quote. */
static uint32_t
complete(struct home *h)
{
	const struct epoch *e = roster_epoch_at(h->site.roster, h->site.bound);
	enum role role = exchange_role(h);
	uint32_t up_to;

	if (e == NULL || role == 0)
		return 0;
	up_to = envelope_complete(h->keys, role, h->site.roster);
	return up_to < e->e ? up_to : e->e;
}

/* A box key and an epoch that our chain has not named yet. */
static fault
due(struct publish *p, struct home *h)
{
	const struct roster *ro = h->site.roster;
	const struct member *me = roster_member(ro, &h->device);
	struct buf b = BUF_EMPTY;
	struct reader r;
	fault f;

	if (me == NULL || me->status == MEMBER_CUT ||
	    me->status == MEMBER_UNINVITED)
		return NULL;
	if ((f = box_due(&p->box, h)) != NULL ||
	    (f = store_get(&h->store, EXCHANGE_STATED, &b)) != NULL)
		goto done;
	r = reader_of(buf_view(&b));
	p->epoch = complete(h);
	if (b.len == 4 && get_u32(&r) == p->epoch)
		p->epoch = 0;
done:
	buf_free(&b);
	return f;
}

/* They stand in the first commit, whatever became of the others. */
static fault
said(struct home *h, const struct publish *p, fault f)
{
	struct buf b = BUF_EMPTY;
	fault g = p->box ? box_announced(h) : NULL;

	if (g == NULL && p->epoch != 0) {
		put_u32(&b, p->epoch);
		g = store_set(&h->store, EXCHANGE_STATED, buf_view(&b));
	}
	buf_free(&b);
	return f != NULL ? f : g;
}

fault
exchange_seal_own(struct home *h, size_t *changes, size_t *commits, size_t *clashes)
{
	struct buf text = BUF_EMPTY;
	struct change *own = NULL;
	const struct change **list = NULL;
	struct sealing s;
	struct publish p = { .done = sealed };
	struct receipt *receipts = NULL;
	struct join join;
	bool joining = false;
	size_t n = 0, going;
	fault f;

	*changes = *commits = 0;
	if ((f = exchange_may_seal(h)) != NULL)
		goto done;
	if ((f = adopt_own(h, clashes)) != NULL)
		goto done;
	if ((f = join_waiting(h, &join, &joining)) != NULL)
		goto done;
	if ((f = store_unsealed(&h->store, &own, &n, &text)) != NULL)
		goto done;
	list = mem_new(n * sizeof *list);
	for (size_t i = 0; i < n; i++)
		list[i] = &own[i];
	going = n;
	if ((f = may_go(h, list, &going)) != NULL)
		goto done;
	if ((f = due(&p, h)) != NULL ||
	    (f = exchange_receipts(h, &receipts, &p.nreceipts)) != NULL)
		goto done;
	p.receipts = receipts;
	s = (struct sealing){ h, list };
	p.changes = list;
	p.nchanges = going;
	p.join = joining ? &join : NULL;
	p.arg = &s;
	if ((f = publish(&h->site, &p, &h->signer, commits)) == NULL)
		*changes = going;
	for (size_t i = 0; f == NULL && i < p.nreceipts; i++)
		f = receipt_given(&h->store, receipts[i].seq);
	if (*commits > 0)
		f = said(h, &p, f);
done:
	for (size_t i = 0; i < n; i++)
		change_free(&own[i]);
	free(own);
	free(receipts);
	free(list);
	buf_free(&text);
	return f;
}

fault
exchange_seal(struct home *h, size_t *changes, size_t *commits)
{
	size_t clashes;

	return exchange_seal_own(h, changes, commits, &clashes);
}
