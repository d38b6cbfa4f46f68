/*
 * A pack and its index from anybody: each object is refused or whole, in
 * bounded memory and time.  The input is u16 n | n bytes of index | pack.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sync/packread.h"
#include "sync/base/file.h"

#define NAME "0123456789012345678901234567890123456789"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

static void
put(const char *dir, const char *suffix, const uint8_t *at, size_t n)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof path, "%s/objects/pack/pack-" NAME ".%s", dir,
	    suffix);
	f = fopen(path, "w");
	if (f == NULL || fwrite(at, 1, n, f) != n || fclose(f) != 0)
		abort();
}

/* One folder for the life of the process, emptied at its end. */
static char dir[64];

static void
leave(void)
{
	if (file_remove_tree(dir) != NULL)
		abort();
}

static const struct gitdir *
place(void)
{
	static struct gitdir g = GITDIR_NONE;
	char name[96];

	if (g.path != NULL)
		return &g;
	strcpy(dir, "/dev/shm/kit-fuzz-XXXXXX");
	if (mkdtemp(dir) == NULL) {
		strcpy(dir, "/tmp/kit-fuzz-XXXXXX");
		if (mkdtemp(dir) == NULL)
			abort();
	}
	snprintf(name, sizeof name, "%s/r", dir);
	if (gitdir_make(name, 0700, FAULT_FAIL) != NULL ||
	    gitdir_open(&g, name, FAULT_FAIL) != NULL)
		abort();
	atexit(leave);
	return &g;
}

static void
read_one(struct packread *p, uint32_t i)
{
	struct buf out = BUF_EMPTY;
	enum object_type type, again;
	struct oid oid;
	uint64_t offset, len;
	bool found;

	if (packread_oid(&oid, p, i) != NULL ||
	    packread_find(&found, &offset, p, &oid) != NULL || !found)
		return;
	if (packread_bytes(&out, &type, p, offset, WIRE_SEGMENT_MAX) == NULL) {
		if (out.len > WIRE_SEGMENT_MAX)
			abort();
		/* The cheap way must say the same. */
		if (packread_head(&again, &len, p, offset) != NULL ||
		    again != type || len != out.len)
			abort();
	}
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	const struct gitdir *g = place();
	struct packread *p = NULL;
	size_t idx;

	if (n < 2)
		return 0;
	idx = (size_t)at[0] | (size_t)at[1] << 8;
	if (idx > n - 2)
		idx = n - 2;
	put(g->path, "idx", at + 2, idx);
	put(g->path, "pack", at + 2 + idx, n - 2 - idx);
	if (packread_open(&p, g, NAME) == NULL)
		for (uint32_t i = 0; i < packread_count(p) && i < 8; i++)
			read_one(p, i);
	packread_free(p);
	return 0;
}
