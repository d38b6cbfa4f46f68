/*
 * Any bytes as a pack.  What is accepted names nothing twice, finds its own
 * types and fields, and allows its own codes; what a field allows is allowed
 * again in its canonical form, unchanged.
 */
#include <stdint.h>
#include <stdlib.h>

#include "fieldkit/pack.h"
#include "sync/base/secret.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
try_value(const struct pack_field *f, struct bytes value, bool allowed)
{
	struct buf once = BUF_EMPTY, twice = BUF_EMPTY;
	bool ok = pack_check(&once, f, value) == NULL;

	must(ok || !allowed);
	must(ok || once.len == 0);
	must(!ok || once.len <= WIRE_VALUE_MAX);
	if (ok) {
		must(pack_check(&twice, f, buf_view(&once)) == NULL);
		must(bytes_eq(buf_view(&once), buf_view(&twice)));
	}
	buf_free(&once);
	buf_free(&twice);
}

static void
try_field(const struct pack_type *t, const struct pack_field *f,
    struct bytes in)
{
	struct buf drawn = BUF_EMPTY;

	must(pack_field(t, bytes_of(f->name)) == f);
	must(f->nl != NULL && f->en != NULL && f->class != NULL);
	must(f->comp != COMP_LEDGER && f->min <= f->max);
	for (size_t i = 0; i < f->nvalues; i++)
		try_value(f, bytes_of(f->values[i].code), true);
	pack_generate(&drawn, f);
	if (drawn.len > 0)
		try_value(f, buf_view(&drawn), true);
	for (size_t n = 1; n <= 40 && n <= in.len; n += 3)
		try_value(f, (struct bytes){ in.at + in.len - n, n }, false);
	buf_free(&drawn);
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	static bool started;
	struct bytes in = { at, len };
	struct pack *p = NULL;
	fault f;

	if (!started)
		must(secret_start() == NULL);
	started = true;
	f = pack_read(&p, in);
	must((f == NULL) == (p != NULL));
	must(f == NULL || f->code == FAULT_INVALID);
	for (size_t i = 0; p != NULL && i < p->ntypes; i++) {
		must(pack_type(p, bytes_of(p->types[i].name)) == &p->types[i]);
		for (size_t k = 0; k < p->types[i].nfields; k++)
			try_field(&p->types[i], &p->types[i].fields[k], in);
	}
	pack_free(p);
	return 0;
}
