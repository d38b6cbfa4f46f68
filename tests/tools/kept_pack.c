/*
 * kept_pack HOME [N] -- print which version of the program a home's kept pack
 * (fieldkit/pack_keep.c) is for; with N, say version N instead.
 */
#include "tests/tools/bench.h"

int
main(int argc, char **argv)
{
	struct home h = HOME_EMPTY;
	struct buf kept = BUF_EMPTY;
	double ms;
	fault f;

	if (argc != 2 && argc != 3)
		return bench_end(fault_new(FAULT_USAGE,
		    "usage: kept_pack HOME [N]"));
	if ((f = bench_open(&h, argv[1], &ms)) == NULL)
		f = store_get(&h.store, "pack kept", &kept);
	if (f == NULL && kept.len == 0)
		f = fault_new(FAULT_ABSENT, "no pack is kept");
	if (f == NULL)
		printf("%u\n", kept.at[0]);
	if (f == NULL && argc == 3) {
		kept.at[0] = (uint8_t)atoi(argv[2]);
		f = store_set(&h.store, "pack kept", buf_view(&kept));
	}
	buf_free(&kept);
	home_close(&h);
	return bench_end(f);
}
