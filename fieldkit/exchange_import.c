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

/*
 * A transaction takes segments until so many bytes were opened: a commit costs
 * five waits for the disk, but what a kill undoes is to be little.
 */
#define BATCH_BYTES	(8u << 20)
#define TEXT_BYTES	(2u << 20)	/* put into the index together */

struct importing {
	struct home	*home;
	const struct id	*device;
	struct exchange_report *report;
	struct progress_bar *bar;
	size_t		changes;	/* opened so far, of all devices */
	bool		single;		/* a transaction for each segment */
	/* Of the transaction under way. */
	bool		begun;
	size_t		bytes, new;
	size_t		text;		/* bytes that are not in the index */
	/* One could not be kept, with all that was in it. */
	bool		lost;
};

/* --- transactions ------------------------------------------------------- */

static fault
begin(struct importing *in)
{
	fault f;

	if (in->begun)
		return NULL;
	if ((f = store_begin(&in->home->store)) == NULL)
		in->begun = true;
	in->bytes = in->new = in->text = 0;
	return f;
}

static fault
update_index(struct home *h)
{
	fault f = search_start(h->db);

	return f != NULL ? f : search_update(&h->store);
}

static fault
end(struct importing *in, fault f)
{
	if (!in->begun)
		return f;
	if (f == NULL && in->new > 0 && in->text > 0)
		f = update_index(in->home);
	in->begun = false;
	if ((f = store_end(&in->home->store, f)) == NULL)
		in->report->imported += in->new;
	in->lost |= f != NULL;
	return f;
}

/* In the same transaction, while the texts are at hand. */
static fault
index_texts(struct importing *in, size_t more)
{
	if (in->single || (in->text += more) < TEXT_BYTES)
		return NULL;
	in->text = 0;
	return in->new == 0 ? NULL : update_index(in->home);
}

/* --- segments ----------------------------------------------------------- */

static fault
put_changes(struct importing *in, const struct collected *c)
{
	struct store *st = &in->home->store;
	const struct segment *s = c->segment;
	fault f = NULL;
	bool new;

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
	return f;
}

/* One segment: all of it and the mark that it was opened, or nothing. */
static fault
imported(void *arg, const struct collected *c)
{
	struct importing *in = arg;
	struct home *h = in->home;
	const struct segment *s = c->segment;
	fault f;

	if ((f = begin(in)) != NULL)
		return f;
	f = exchange_beyond_cut(roster_member(h->site.roster, in->device),
	    c->commit) ? exchange_set_aside(h, c) : put_changes(in, c);
	if (f == NULL)
		f = exchange_take_receipts(h, in->device, s->receipts,
		    s->nreceipts);
	if (f == NULL)
		f = store_set_opened(&h->store, in->device, c->commit->seq);
	if (f == NULL)
		f = index_texts(in, s->payloads.len);
	odd_clock_find(&in->report->findings,
	    roster_member(h->site.roster, in->device), s);
	in->changes += s->nchanges;
	in->bytes += s->text.len + s->payloads.len;
	progress_step(in->bar, in->changes, 0);
	return f != NULL || in->single || in->bytes >= BATCH_BYTES ?
	    end(in, f) : NULL;
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
static bool
stops_alone(fault f)
{
	return f != NULL && (f->code == FAULT_TRUST ||
	    f->code == FAULT_FORMAT || f->code == FAULT_LOCKED ||
	    f->code == FAULT_INVALID);
}

static fault
import_all(struct importing *in)
{
	const struct roster *ro = in->home->site.roster;
	fault f = NULL;

	for (size_t i = 0; f == NULL && i < ro->nmembers; i++) {
		if (id_eq(&ro->members[i].device, &in->home->device))
			continue;
		f = import_one(in, &ro->members[i].device);
		if (stops_alone(f) && (in->single || !in->lost)) {
			in->report->stopped = *f;
			f = NULL;
		}
	}
	return end(in, f);
}

/*
 * What cannot be stored takes down what was in its transaction: once more,
 * each segment in its own, so that only the chain it stands in stops.
 */
fault
exchange_import(struct home *h, struct exchange_report *r)
{
	size_t before = r->imported;
	struct progress_bar bar;
	struct importing in = { .home = h, .report = r, .bar = &bar };
	fault f;

	if ((f = exchange_apply_cuts(h)) != NULL)
		return f;
	progress_begin(&bar, "opening changes");
	f = import_all(&in);
	if (in.lost) {
		in = (struct importing){ .home = h, .report = r, .bar = &bar,
		    .single = true };
		f = import_all(&in);
	}
	progress_end(&bar);
	return f == NULL && r->imported > before ? update_index(h) : f;
}
