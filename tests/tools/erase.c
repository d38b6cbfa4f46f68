/*
 * erase HOME ID... -- erase records of a home as if its roster said so, and
 * rewrite its database; prints how many records, changes, and never sealed
 * ones that were.
 */
#include "fieldkit/store_erase.h"
#include "tests/tools/bench.h"

static fault
erase(struct home *h, char **ids, size_t n)
{
	struct erasure e[64];
	struct erase_count c;
	fault f;

	for (size_t i = 0; i < n; i++) {
		e[i] = (struct erasure){ .time = 1764000000, .seq = 2,
		    .by = h->device, .reason = bytes_of("asked") };
		if (!id_parse(&e[i].record, ids[i]))
			return fault_new(FAULT_USAGE, "%s is no id", ids[i]);
	}
	if ((f = store_erase(&h->store, e, n, &c)) != NULL ||
	    (f = home_rewrite(h)) != NULL)
		return f;
	printf("%zu %zu %zu\n", c.records, c.changes, c.unsealed);
	return NULL;
}

int
main(int argc, char **argv)
{
	struct home h = HOME_EMPTY;
	double ms;
	fault f;

	if (argc < 3 || argc > 66)
		return bench_end(fault_new(FAULT_USAGE,
		    "usage: erase HOME ID..."));
	if ((f = bench_open(&h, argv[1], &ms)) == NULL)
		f = erase(&h, argv + 2, (size_t)argc - 2);
	home_close(&h);
	return bench_end(f);
}
