/*
 * hold HOME SECONDS -- begin to write in a home's database and stay there, as
 * a program that hangs would.  Says "held" once it has the store.
 */
#include "tests/tools/bench.h"

#include <unistd.h>

int
main(int argc, char **argv)
{
	struct home h = HOME_EMPTY;
	double ms;
	fault f;

	if (argc != 3)
		return bench_end(fault_new(FAULT_USAGE,
		    "usage: hold HOME SECONDS"));
	if ((f = bench_open(&h, argv[1], &ms)) == NULL &&
	    (f = db_begin(h.db)) == NULL) {
		puts("held");
		fflush(stdout);
		sleep((unsigned)atoi(argv[2]));
		f = db_end(h.db, NULL);
	}
	home_close(&h);
	return bench_end(f);
}
