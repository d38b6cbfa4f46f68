#include "fieldkit/vault.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>
#include <sqlite3.h>

#include "fieldkit/sealed.h"
#include "sync/base/buf.h"
#include "sync/base/secret.h"

#define JOURNAL_SUFFIX "-journal"

struct door {			/* a database whose key was given */
	char		*path;
	struct page_key	*key;
	struct door	*next;
};

/* Process-wide, like SQLite's own list of file systems.  One thread gives
 * and forgets keys. */
static struct door *doors;
static sqlite3_mem_methods memory;

static sqlite3_vfs *
below_of(sqlite3_vfs *v)
{
	return v->pAppData;
}

static struct door *
door_of(const char *path, size_t len)
{
	for (struct door *d = doors; d != NULL; d = d->next)
		if (strlen(d->path) == len && memcmp(d->path, path, len) == 0)
			return d;
	return NULL;
}

/* The database that a file belongs to; NULL for one that must not be. */
static struct door *
door_for(const char *name, int flags)
{
	size_t len, tail = strlen(JOURNAL_SUFFIX);

	if (name == NULL)
		return NULL;
	len = strlen(name);
	if (flags & SQLITE_OPEN_MAIN_DB)
		return door_of(name, len);
	if (!(flags & SQLITE_OPEN_MAIN_JOURNAL) || len < tail ||
	    strcmp(name + len - tail, JOURNAL_SUFFIX) != 0)
		return NULL;
	return door_of(name, len - tail);
}

/* Databases with a key and their journals; nothing temporary, ever: those
 * files would hold plaintext. */
static int
open_file(sqlite3_vfs *v, const char *name, sqlite3_file *file, int flags,
    int *got)
{
	struct sealed *f = (struct sealed *)file;
	struct door *d = door_for(name, flags);

	memset(f, 0, sizeof *f);
	if (d == NULL)
		return SQLITE_CANTOPEN;
	f->key = secret_copy(d->key, sizeof *d->key);
	return sealed_open(f, below_of(v), name, flags, got);
}

static int
delete_file(sqlite3_vfs *v, const char *name, int sync)
{
	return below_of(v)->xDelete(below_of(v), name, sync);
}

/* A WAL is not ours, whoever put it there. */
static int
access_file(sqlite3_vfs *v, const char *name, int flags, int *yes)
{
	size_t len = strlen(name);

	if (len > 4 && strcmp(name + len - 4, "-wal") == 0) {
		*yes = 0;
		return SQLITE_OK;
	}
	return below_of(v)->xAccess(below_of(v), name, flags, yes);
}

static int
full_path(sqlite3_vfs *v, const char *name, int n, char *to)
{
	return below_of(v)->xFullPathname(below_of(v), name, n, to);
}

static int
randomness(sqlite3_vfs *v, int n, char *to)
{
	(void)v;
	randombytes_buf(to, (size_t)n);
	return n;
}

static int
nap(sqlite3_vfs *v, int us)
{
	return below_of(v)->xSleep(below_of(v), us);
}

static int
now(sqlite3_vfs *v, double *to)
{
	return below_of(v)->xCurrentTime(below_of(v), to);
}

static int
last_error(sqlite3_vfs *v, int n, char *to)
{
	return below_of(v)->xGetLastError(below_of(v), n, to);
}

static void *
no_library(sqlite3_vfs *v, const char *name)
{
	(void)v;
	(void)name;
	return NULL;
}

static void
library_error(sqlite3_vfs *v, int n, char *to)
{
	(void)v;
	sqlite3_snprintf(n, to, "no libraries are loaded here");
}

static sqlite3_vfs vault = {
	.iVersion = 1, .zName = "vault", .xOpen = open_file,
	.xDelete = delete_file, .xAccess = access_file,
	.xFullPathname = full_path, .xDlOpen = no_library,
	.xDlError = library_error, .xRandomness = randomness, .xSleep = nap,
	.xCurrentTime = now, .xGetLastError = last_error
};

/* --- memory ----------------------------------------------------------- */

/* SQLite's heap holds stories: zero it as it is given back. */
static void
scrub_free(void *p)
{
	if (p != NULL)
		sodium_memzero(p, (size_t)memory.xSize(p));
	memory.xFree(p);
}

static void *
scrub_grow(void *p, int n)
{
	int old = memory.xSize(p);
	void *q;

	if (n <= old)
		return p;
	if ((q = memory.xMalloc(n)) == NULL)
		return NULL;
	memcpy(q, p, (size_t)old);
	scrub_free(p);
	return q;
}

/* Too late, and without effect, if SQLite has started already (in tests). */
static void
scrub_start(void)
{
	sqlite3_mem_methods ours;

	if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory) != SQLITE_OK)
		return;
	ours = memory;
	ours.xFree = scrub_free;
	ours.xRealloc = scrub_grow;
	sqlite3_config(SQLITE_CONFIG_MALLOC, &ours);
}

/* --- public ----------------------------------------------------------- */

fault
vault_start(const char *name)
{
	sqlite3_vfs *below;

	if (vault.pAppData != NULL)
		return NULL;
	scrub_start();
	if ((below = sqlite3_vfs_find(name)) == NULL)
		return fault_new(FAULT_FAIL, "SQLite did not start");
	vault.szOsFile = (int)sizeof(struct sealed) + below->szOsFile;
	vault.mxPathname = below->mxPathname;
	vault.pAppData = below;
	if (sqlite3_vfs_register(&vault, 0) == SQLITE_OK)
		return NULL;
	vault.pAppData = NULL;
	return fault_new(FAULT_FAIL, "SQLite did not start");
}

/* The path as SQLite will give it to us: links resolved. */
static char *
full(const char *path)
{
	size_t room = (size_t)vault.mxPathname + 1;
	char *to = mem_new(room);

	if ((full_path(&vault, path, (int)room, to) & 0xff) != SQLITE_OK)
		to[0] = '\0';
	return to;
}

void
vault_key(const char *path, const uint8_t key[32], const uint8_t store[16])
{
	struct door *d = mem_new(sizeof *d);

	vault_forget(path);
	d->path = full(path);
	d->key = secret_new(sizeof *d->key);
	memcpy(d->key->key, key, 32);
	memcpy(d->key->store, store, 16);
	d->next = doors;
	doors = d;
}

void
vault_forget(const char *path)
{
	char *name = full(path);

	for (struct door *d, **at = &doors; (d = *at) != NULL;) {
		if (strcmp(d->path, name) != 0) {
			at = &d->next;
			continue;
		}
		*at = d->next;
		secret_free(d->key, sizeof *d->key);
		free(d->path);
		free(d);
	}
	free(name);
}

unsigned
vault_odd(void)
{
	return sealed_odd();
}
