/*
 * store_sql HOME SQL -- do to a home's database what no command would.
 */
#include "tests/tools/bench.h"

int
main(int argc, char **argv)
{
	struct home h = HOME_EMPTY;
	double ms;
	fault f;

	if (argc != 3)
		return bench_end(fault_new(FAULT_USAGE,
		    "usage: store_sql HOME SQL"));
	if ((f = bench_open(&h, argv[1], &ms)) == NULL)
		f = db_exec(h.db, argv[2]);
	home_close(&h);
	return bench_end(f);
}
