/*
 * bench_search HOME WORDS... -- what a search costs in a process that is
 * unlocked already.  Prints for each WORDS: ms (median of ROUNDS) and how
 * many were found.
 */
#include "tests/tools/bench.h"

#include "fieldkit/search.h"

#define ROUNDS 5
#define LIMIT 50		/* as the command's own */

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static fault
measure(struct store *st, const char *words)
{
	double took[ROUNDS];
	size_t n = 0;
	fault f = NULL;

	for (int i = 0; f == NULL && i < ROUNDS; i++) {
		struct search_result found = { .hits = NULL };

		took[i] = bench_ms();
		f = search(st, words, LIMIT, &found);
		took[i] = bench_ms() - took[i];
		n = found.n;
		search_free(&found);
	}
	if (f != NULL)
		return f;
	qsort(took, ROUNDS, sizeof *took, by_size);
	printf("%.3f %zu\n", took[ROUNDS / 2], n);
	return NULL;
}

int
main(int argc, char **argv)
{
	struct home h = HOME_EMPTY;
	double derive = 0;
	fault f;

	if (argc < 3)
		return 2;
	if ((f = bench_open(&h, argv[1], &derive)) == NULL)
		f = search_start(h.db);
	for (int i = 2; f == NULL && i < argc; i++)
		f = measure(&h.store, argv[i]);
	home_close(&h);
	return bench_end(f);
}
