/*
 * exchange_reissue -- own changes whose names a copy of this device has used.
 *
 * A restored backup, a copied disk: what was saved here and never sealed may
 * bear numbers that stand on our chain with other content.  Nobody has seen
 * ours under them, so they are given again behind all that is on the chain:
 * fresh dots, fresh indexes for records made here, the same record ids, and
 * what they supersede rewritten.  In one transaction with what the chain
 * brings, so that a kill leaves the one or the other.
 */
#include "fieldkit/exchange_own.h"
#include "fieldkit/store_own.h"

#include <stdlib.h>

struct moved {			/* one change, on its way to a new name */
	struct change	change;		/* borrows from text */
	uint64_t	was;		/* its number */
	uint64_t	now;		/* 0: not given yet */
};

struct reissue {
	struct home	*home;
	struct moved	*at;
	size_t		n;
	struct buf	text;
	bool		clash;
};

/* --- is there one? --------------------------------------------------------- */

static fault
look(void *arg, const struct collected *c)
{
	struct reissue *r = arg;
	fault f = NULL;

	for (size_t i = 0; f == NULL && !r->clash &&
	    i < c->segment->nchanges; i++)
		f = store_clashes(&r->home->store, &c->segment->changes[i],
		    &r->clash);
	return f;
}

/* --- out, and in again ------------------------------------------------------ */

static int
by_number(const void *a, const void *b)
{
	const struct moved *x = a, *y = b;

	return x->was < y->was ? -1 : x->was > y->was;
}

static fault
take_out(struct reissue *r)
{
	struct change *own = NULL;
	fault f = store_unsealed(&r->home->store, &own, &r->n, &r->text);

	if (f != NULL)
		return f;
	r->at = mem_new((r->n + 1) * sizeof *r->at);
	for (size_t i = 0; i < r->n; i++)
		r->at[i] = (struct moved){ own[i], own[i].dot.n, 0 };
	free(own);
	qsort(r->at, r->n, sizeof *r->at, by_number);
	for (size_t i = 0; f == NULL && i < r->n; i++)
		f = store_drop(&r->home->store, &r->at[i].change.dot);
	return f;
}

/* Names of ours that were changed on the way. */
static void
rename_superseded(struct reissue *r, struct change *c)
{
	const struct id *self = &r->home->device;

	for (size_t i = 0; i < c->nfields; i++)
		for (size_t k = 0; k < c->fields[i].nsup; k++) {
			struct dot *d = &c->fields[i].sup[k];

			for (size_t m = 0; m < r->n && id_eq(&d->device,
			    self); m++)
				if (r->at[m].now != 0 &&
				    r->at[m].was == d->n) {
					d->n = r->at[m].now;
					break;
				}
		}
	change_sort(c);
}

/* A record that is known keeps its index; one that was made here gets another,
 * since its own may be another record's on the chain. */
static fault
index_again(struct reissue *r, struct change *c)
{
	struct record known = { .nchanges = 0 };
	fault f = store_record(&r->home->store, &known, &c->record);

	if (f == NULL)
		c->index = known.index;
	else if (f->code == FAULT_ABSENT)
		f = id_eq(&c->index.creator, &r->home->device) ?
		    store_next_index(&r->home->store, &c->index) : NULL;
	record_free(&known);
	return f;
}

static fault
put_in(struct reissue *r)
{
	fault f = NULL;

	for (size_t i = 0; f == NULL && i < r->n; i++) {
		struct change *c = &r->at[i].change;

		rename_superseded(r, c);
		c->dot.n = 0;
		if ((f = index_again(r, c)) == NULL)
			f = store_put(&r->home->store, c, NULL);
		if (f != NULL && f->code == FAULT_ERASED)
			f = NULL;
		r->at[i].now = c->dot.n;
	}
	return f;
}

static fault
reissue(struct reissue *r, uint64_t opened,
    fault (*take)(void *arg, const struct collected *), void *arg)
{
	struct home *h = r->home;
	fault f = db_begin(h->db);

	if (f != NULL)
		return f;
	if ((f = take_out(r)) == NULL &&
	    (f = collect(&h->site, &h->device, opened, take, arg)) == NULL)
		f = put_in(r);
	return db_end(h->db, f);
}

fault
exchange_reissue(struct home *h, uint64_t opened, size_t *n,
    fault (*take)(void *arg, const struct collected *), void *arg)
{
	struct reissue r = { .home = h };
	fault f = collect(&h->site, &h->device, opened, look, &r);

	*n = 0;
	if (f == NULL && r.clash && (f = reissue(&r, opened, take, arg)) ==
	    NULL)
		*n = r.n;
	for (size_t i = 0; i < r.n && r.at != NULL; i++)
		change_free(&r.at[i].change);
	free(r.at);
	buf_free(&r.text);
	return f;
}
