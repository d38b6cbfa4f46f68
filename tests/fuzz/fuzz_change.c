/*
 * What change_decode takes must encode to the same bytes, pass change_check,
 * come through the segment's forms unharmed, and merge to one end however
 * often it is told.
 */
#include <stdlib.h>

#include "sync/merge.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* Ledger and payload forms, put together again. */
static void
through_forms(const struct change *c, struct bytes stored)
{
	struct buf ledger = BUF_EMPTY, again = BUF_EMPTY;
	struct buf payload[COMP_COUNT] = { BUF_EMPTY };
	struct change d;
	struct reader r;

	change_put_ledger(&ledger, c);
	r = reader_of(buf_view(&ledger));
	change_get_ledger(&r, &d, &c->dot.device);
	must(reader_whole(&r));
	for (size_t i = 0; i < c->nfields; i++) {
		enum compartment comp = c->fields[i].comp;

		if (c->fields[i].withheld || !d.fields[i].withheld)
			continue;
		change_put_payload(&payload[comp], c, comp);
		must(change_take_payload(&d, comp,
		    buf_view(&payload[comp])) == NULL);
	}
	change_encode(&again, &d);
	must(bytes_eq(buf_view(&again), stored));
	change_free(&d);
	buf_free(&ledger);
	buf_free(&again);
	for (int i = 0; i < COMP_COUNT; i++)
		buf_free(&payload[i]);
}

static void
through_merge(const struct change *c)
{
	const struct change *at[] = { c, c };
	struct buf once = BUF_EMPTY, twice = BUF_EMPTY;
	struct merged m;
	size_t n;

	for (size_t k = 1; k <= 2; k++) {
		merge(&m, at, k);
		must(m.nfields == c->nfields && m.newest == c->clock);
		free(merged_dots(&m, &n));
		must(n <= 1);
		merged_dump(k == 1 ? &once : &twice, &m, 0xe);
		merged_free(&m);
	}
	must(bytes_eq(buf_view(&once), buf_view(&twice)));
	buf_free(&once);
	buf_free(&twice);
}

/* The same bytes as a ledger form: what was read is what would be written. */
static void
as_ledger(struct bytes in)
{
	struct buf again = BUF_EMPTY;
	struct reader r = reader_of(in);
	struct id device = { { 0 } };
	struct change c;

	change_get_ledger(&r, &c, &device);
	if (reader_ok(&r)) {
		change_put_ledger(&again, &c);
		must(again.len == r.pos && bytes_eq(buf_view(&again),
		    (struct bytes){ in.at, r.pos }));
	}
	change_free(&c);
	buf_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct buf again = BUF_EMPTY;
	struct bytes in = { at, n };
	struct change c;

	as_ledger(in);
	if (change_decode(&c, in) != NULL)
		return 0;
	must(change_check(&c) == NULL);
	change_encode(&again, &c);
	must(bytes_eq(buf_view(&again), in));
	through_forms(&c, in);
	through_merge(&c);
	change_free(&c);
	buf_free(&again);
	return 0;
}
