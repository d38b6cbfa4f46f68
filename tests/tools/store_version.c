/*
 * store_version HOME N -- say in a home's database that version N of the
 * program wrote it.
 */
#include "tests/tools/bench.h"

int
main(int argc, char **argv)
{
	struct home h = HOME_EMPTY;
	char sql[64];
	double ms;
	fault f;

	if (argc != 3)
		return bench_end(fault_new(FAULT_USAGE,
		    "usage: store_version HOME N"));
	snprintf(sql, sizeof sql, "PRAGMA user_version = %d", atoi(argv[2]));
	if ((f = bench_open(&h, argv[1], &ms)) == NULL)
		f = db_exec(h.db, sql);
	home_close(&h);
	return bench_end(f);
}
