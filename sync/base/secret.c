#include "sync/base/secret.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <sodium.h>

#define ARENA (64u << 10)
#define SLOT 32u
#define SLOTS (ARENA / SLOT)

/*
 * Process-wide like the allocator it is.  One bit a slot; a block is a run
 * of slots.  Blocks larger than a quarter of the arena stand alone.
 */
static uint8_t *arena;
static uint8_t used[SLOTS];

fault
secret_start(void)
{
	struct rlimit none = { 0, 0 };

	if (arena != NULL)
		return NULL;
	if (sodium_init() < 0)
		return fault_new(FAULT_FAIL, "libsodium did not start");
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
	arena = sodium_malloc(ARENA);
	if (arena == NULL || sodium_mlock(arena, ARENA) != 0) {
		arena = NULL;
		return fault_new(FAULT_FAIL, "64 KiB of memory cannot be "
		    "locked, so keys could reach the swap; nothing was opened; "
		    "raise 'ulimit -l'");
	}
	memset(arena, 0, ARENA);
	return NULL;
}

static bool
run_free(size_t at, size_t n)
{
	for (size_t i = at; i < at + n; i++)
		if (used[i])
			return false;
	return true;
}

static void
full(void)
{
	fprintf(stderr, "fieldkit: no locked memory left for keys; "
	    "what was saved before is safe\n");
	exit(1);
}

void *
secret_new(size_t n)
{
	size_t slots = (n + SLOT - 1) / SLOT;
	void *p;

	if (slots == 0)
		slots = 1;
	if (n > ARENA / 4) {
		if ((p = sodium_malloc(n)) == NULL)
			full();
		memset(p, 0, n);
		return p;
	}
	for (size_t at = 0; at + slots <= SLOTS; at++)
		if (run_free(at, slots)) {
			memset(used + at, 1, slots);
			return arena + at * SLOT;
		}
	full();
	return NULL;
}

void
secret_free(void *p, size_t n)
{
	uint8_t *at = p;
	size_t slots = n == 0 ? 1 : (n + SLOT - 1) / SLOT;

	if (p == NULL)
		return;
	if (at < arena || at >= arena + ARENA) {
		sodium_free(p);
		return;
	}
	sodium_memzero(p, slots * SLOT);
	memset(used + (size_t)(at - arena) / SLOT, 0, slots);
}

void
secret_wipe(void)
{
	if (arena != NULL)
		sodium_memzero(arena, ARENA);
	memset(used, 0, sizeof used);
}

void *
secret_copy(const void *p, size_t n)
{
	void *q = secret_new(n);

	memcpy(q, p, n);
	return q;
}

void
secret_forget(void *p, size_t n)
{
	sodium_memzero(p, n);
}
