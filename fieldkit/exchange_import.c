/*
 * exchange_import -- verified segments of others into the store, and the index
 * brought up to date.
 */
#include "fieldkit/exchange_own.h"

#include <stdlib.h>

#include "fieldkit/odd_clock.h"
#include "fieldkit/progress.h"
#include "fieldkit/search.h"
#include "sync/collect.h"

struct importing {
	struct home	*home;
	const struct id	*device;
	size_t		new;
	struct findings	*odd;		/* clocks */
	struct progress_bar *bar;
	size_t		changes;	/* opened so far, of all devices */
};

/* One segment: all of it and the mark that it was opened, or nothing. */
static fault
imported(void *arg, const struct collected *c)
{
	struct importing *in = arg;
	struct store *st = &in->home->store;
	const struct segment *s = c->segment;
	fault f;
	bool new;

	if ((f = db_begin(st->db)) != NULL)
		return f;
	if (exchange_beyond_cut(roster_member(in->home->site.roster,
	    in->device), c->commit)) {
		if ((f = exchange_set_aside(in->home, c)) == NULL)
			f = store_set_opened(st, in->device, c->commit->seq);
		return db_end(st->db, f);
	}
	for (size_t i = 0, run = 1; f == NULL && i < s->nchanges; i++) {
		f = store_put(st, &s->changes[i], &new);
		if (f != NULL && (f->code == FAULT_TRUST ||
		    f->code == FAULT_ERASED))
			f = NULL;	/* aside or dropped: go on */
		else
			in->new += f == NULL && new;
		if (f == NULL && i + 1 < s->nchanges &&
		    s->changes[i + 1].dot.n == s->changes[i].dot.n + 1) {
			run++;
			continue;
		}
		if (f == NULL)
			f = store_carried(st, in->device, c->commit->seq,
			    s->changes[i].dot.n - run + 1, s->changes[i].dot.n);
		run = 1;
	}
	if (f == NULL)
		f = exchange_take_receipts(in->home, in->device, s->receipts,
		    s->nreceipts);
	if (f == NULL)
		f = store_set_opened(st, in->device, c->commit->seq);
	odd_clock_find(in->odd, roster_member(in->home->site.roster, in->device),
	    s);
	in->changes += s->nchanges;
	progress_step(in->bar, in->changes, 0);
	return db_end(st->db, f);
}

static fault
import_one(struct importing *in, const struct id *device)
{
	uint64_t opened;
	fault f = store_opened(&in->home->store, device, &opened);

	in->device = device;
	if (f == NULL)
		f = collect(&in->home->site, device, opened, imported, in);
	if (f == NULL)
		f = exchange_import_beyond(in->home,
		    roster_member(in->home->site.roster, device));
	return f;
}

/* A chain that does not open stops alone; the others go on. */
fault
exchange_import(struct home *h, struct exchange_report *r)
{
	const struct roster *ro = h->site.roster;
	struct progress_bar bar;
	struct importing in = { .home = h, .odd = &r->findings, .bar = &bar };
	fault f = exchange_apply_cuts(h);

	progress_begin(&bar, "opening changes");
	for (size_t i = 0; f == NULL && i < ro->nmembers; i++) {
		if (id_eq(&ro->members[i].device, &h->device))
			continue;
		f = import_one(&in, &ro->members[i].device);
		if (f != NULL && (f->code == FAULT_TRUST ||
		    f->code == FAULT_FORMAT || f->code == FAULT_LOCKED ||
		    f->code == FAULT_INVALID)) {
			r->stopped = f;
			f = NULL;
		}
	}
	progress_end(&bar);
	r->imported += in.new;
	if (f == NULL && in.new > 0 &&
	    (f = search_start(h->db)) == NULL)
		f = search_update(&h->store);
	return f;
}
