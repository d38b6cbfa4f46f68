/*
 * replay -- run a fuzz target over the files given, each in a block of
 * exactly its size, so that a sanitizer sees the first byte beyond.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

static int
one(const char *path)
{
	FILE *in = fopen(path, "rb");
	uint8_t *exact;
	long n;

	if (in == NULL || fseek(in, 0, SEEK_END) != 0 || (n = ftell(in)) < 0)
		return 1;
	rewind(in);
	exact = malloc(n == 0 ? 1 : (size_t)n);
	if (exact == NULL || fread(exact, 1, (size_t)n, in) != (size_t)n)
		return 1;
	fclose(in);
	if (n == 0)
		exact = realloc(exact, 1);
	LLVMFuzzerTestOneInput(exact, (size_t)n);
	free(exact);
	return 0;
}

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (one(argv[i]) != 0) {
			printf("not ok %d - %s cannot be read\n", i, argv[i]);
			return 1;
		}
	printf("ok 1 - %d files replayed\n", argc - 1);
	return 0;
}
