/*
 * exchange_pairs -- which leaves of which trees go with an erased record:
 * every generation under which something of it was sealed, and the current
 * one, each with the indexes that the record has had.  Computed when the
 * entry is made, since that may be long after it was asked for.
 */
#include "fieldkit/exchange_own.h"

#include <stdlib.h>

struct pairs {
	struct home	*home;
	struct erased_pair *at;
	size_t		n;
	bool		full;		/* more than an entry holds */
};

static void
add(struct pairs *p, uint32_t g, const struct index *index)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->at[i].g == g && index_eq(&p->at[i].index, index))
			return;
	p->full |= p->n == ITEM_PAIRS_MAX;
	if (p->full)
		return;
	p->at = mem_grow(p->at, (p->n + 1) * sizeof *p->at);
	p->at[p->n++] = (struct erased_pair){ .g = g, .index = *index };
}

/* The generation under which commit seq of a device sealed; 0: not here. */
static fault
sealed_under(uint32_t *g, struct home *h, const struct id *device,
    uint64_t seq)
{
	const struct epoch *e;
	char ref[REF_MAX];
	struct oid head, at;
	struct commit c;
	fault f;

	*g = 0;
	ref_device(ref, device);
	f = repo_ref(&head, h->site.repo, ref);
	if (f == NULL)
		f = chain_at(&at, &h->site, &head, seq);
	if (f == NULL)
		f = site_commit(&c, &h->site, &at);
	if (f != NULL)
		return f->code == FAULT_ABSENT ? NULL : f;
	e = roster_epoch_at(h->site.roster, c.roster_seq);
	*g = e == NULL ? 0 : e->g;
	return NULL;
}

/* One change, by the commit that carries it; where that is not known, under
 * every generation. */
static fault
of_change(struct pairs *p, const struct change *c, uint64_t seq)
{
	uint32_t g = 0, last = roster_epoch(p->home->site.roster)->g;
	fault f = seq == 0 ? NULL :
	    sealed_under(&g, p->home, &c->dot.device, seq);

	if (f != NULL)
		return f;
	for (uint32_t i = g == 0 ? 1 : g; i <= (g == 0 ? last : g); i++)
		add(p, i, &c->index);
	add(p, last, &c->index);
	return NULL;
}

struct quarantine {
	struct pairs	*pairs;
	const struct id	*record;
};

static fault
of_quarantine(void *arg, const struct quarantined *q)
{
	struct quarantine *x = arg;
	struct change c = CHANGE_EMPTY;
	fault f = NULL;

	if (change_decode(&c, q->body) == NULL &&
	    id_eq(&c.record, x->record))
		f = of_change(x->pairs, &c, 0);
	change_free(&c);
	return f;
}

static fault
gather(struct pairs *p, const struct id *record)
{
	struct quarantine x = { p, record };
	struct record r = { .nchanges = 0 };
	uint64_t seq;
	fault f = record_load(&r, p->home->db, record);

	for (size_t i = 0; f == NULL && i < r.nchanges; i++)
		if ((f = store_carrier(&p->home->store, &r.changes[i].dot,
		    &seq)) == NULL)
			f = of_change(p, &r.changes[i], seq);
	record_free(&r);
	return f != NULL ? f : store_each_quarantined(&p->home->store,
	    of_quarantine, &x);
}

/* Those that the intent names already: of what turned up late. */
static void
given(struct pairs *p, struct bytes in)
{
	struct reader r = reader_of(in);

	while (reader_left(&r) > 0 && reader_ok(&r)) {
		struct index index;
		uint32_t g = get_u32(&r);

		get_copy(&r, index.creator.b, WIRE_ID_LEN);
		index.n = get_u32(&r);
		if (reader_ok(&r))
			add(p, g, &index);
	}
}

static fault
rebuild(struct home *h, struct entry *out, const struct entry_item *it)
{
	struct pairs p = { .home = h };
	struct erase x = { .record = it->id, .time = it->time,
	    .reason = it->text, .basis = it->basis, .type = it->type };
	char hex[ID_HEX];
	fault f;

	given(&p, it->pairs);
	if ((f = gather(&p, &it->id)) == NULL && p.full)
		f = fault_new(FAULT_TRUST, "record %s was sealed in more ways "
		    "than one entry can name; it was not erased; tell the "
		    "makers of the kit", id_hex(hex, &it->id));
	if (f == NULL) {
		x.pairs = p.at;
		x.npairs = p.n;
		entry_erase(out, &x);
	}
	free(p.at);
	return f;
}

fault
exchange_pairs(struct home *h, struct entry *e)
{
	struct entry out = ENTRY_EMPTY;
	struct reader r = reader_of(buf_view(&e->sealed));
	struct buf was;
	fault f = NULL;

	for (uint16_t i = 0; f == NULL && i < e->nsealed; i++) {
		struct entry_item it = item_next(&r);

		if (it.kind == ITEM_ERASE) {
			f = rebuild(h, &out, &it);
			continue;
		}
		item_put(&out.sealed, (enum roster_item)it.kind, it.body);
		out.nsealed++;
	}
	if (f == NULL) {
		was = e->sealed;
		e->sealed = out.sealed;
		e->nsealed = out.nsealed;
		out.sealed = was;
	}
	entry_free(&out);
	return f;
}
