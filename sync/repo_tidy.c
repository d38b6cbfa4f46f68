/*
 * repo_tidy -- leftovers of dead processes away, many small packs into one.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sync/base/file.h"
#include "sync/lockfile.h"
#include "sync/repo.h"
#include "sync/repo_own.h"

#define PACKS_MANY	64
#define LOOSE_MANY	2000
#define MERGED_MAX	1000000		/* objects of a consolidated pack */
#define OLD_S		(24 * 3600)	/* a temporary that nobody writes to */
#define BUSY_S		(10 * 60)	/* a consolidation whose owner died */
#define PACK_NAME	49		/* "pack-" 40 hex ".idx" */

struct pack_seen {
	char		name[41];
	uint64_t	size;
};

struct oids {
	struct oid	*at;
	size_t		n, room;
};

struct scan {
	const struct gitdir *g;
	struct pack_seen *packs;
	size_t		npacks;
	struct oids	loose;
};

static void
oids_add(struct oids *l, const uint8_t *id)
{
	if (l->n == l->room) {
		l->room = l->room == 0 ? 256 : l->room * 2;
		l->at = mem_grow(l->at, l->room * sizeof l->at[0]);
	}
	memcpy(l->at[l->n++].b, id, OID_LEN);
}

static int
by_oid(const void *a, const void *b)
{
	return memcmp(a, b, OID_LEN);
}

static void
oids_unique(struct oids *l)
{
	size_t n = 0;

	if (l->n == 0)
		return;
	qsort(l->at, l->n, sizeof l->at[0], by_oid);
	for (size_t i = 0; i < l->n; i++)
		if (n == 0 || !oid_eq(&l->at[n - 1], &l->at[i]))
			l->at[n++] = l->at[i];
	l->n = n;
}

/* ---- what is in objects/ ------------------------------------------------ */

/* Call each for every name in a folder; one that is not there has none. */
static void
names(const struct gitdir *g, const char *dir,
    void (*each)(void *, const char *path, const char *name), void *arg)
{
	char *path = gitdir_path(g, dir), *full;
	DIR *d = opendir(path);
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		full = path_join(path, e->d_name);
		each(arg, full, e->d_name);
		free(full);
	}
	if (d != NULL)
		closedir(d);
	free(path);
}

static char *
pack_path(const struct gitdir *g, const char *name, const char *suffix)
{
	struct buf b = BUF_EMPTY;
	char *s;

	buf_text(&b, "%s/objects/pack/pack-%s.%s", g->path, name, suffix);
	s = mem_text(buf_cstr(&b));
	buf_free(&b);
	return s;
}

static void
see_pack(void *arg, const char *path, const char *name)
{
	struct scan *s = arg;
	struct pack_seen p = { "", 0 };
	struct stat st;
	char *pack;

	(void)path;
	if (strlen(name) != PACK_NAME || memcmp(name, "pack-", 5) != 0 ||
	    strcmp(name + 45, ".idx") != 0)
		return;
	memcpy(p.name, name + 5, 40);
	pack = pack_path(s->g, p.name, "pack");
	if (lstat(pack, &st) == 0) {
		p.size = (uint64_t)st.st_size;
		s->packs = mem_grow(s->packs, (s->npacks + 1) * sizeof p);
		s->packs[s->npacks++] = p;
	}
	free(pack);
}

static void
see_loose(void *arg, const char *path, const char *name)
{
	struct scan *s = arg;
	size_t len = strlen(path);
	uint8_t id[OID_LEN];

	/* .../xx/yyyy: the two letters of the folder begin the name. */
	if (strlen(name) == 38 && hex_parse(id, 1, (struct bytes){
	    (const uint8_t *)path + len - 41, 2 }) &&
	    hex_parse(id + 1, 19, bytes_of(name)))
		oids_add(&s->loose, id);
}

static void
scan_loose(struct scan *s)
{
	char dir[16];

	for (unsigned i = 0; i < 256; i++) {
		snprintf(dir, sizeof dir, "objects/%02x", i);
		names(s->g, dir, see_loose, s);
	}
}

static void
scan_free(struct scan *s)
{
	free(s->packs);
	free(s->loose.at);
}

/* As git's gc does: one of the 256 folders stands for all. */
static bool
loose_many(const struct gitdir *g)
{
	struct scan s = { g, NULL, 0, { NULL, 0, 0 } };
	bool many;

	names(g, "objects/17", see_loose, &s);
	many = s.loose.n * 256 > LOOSE_MANY;
	scan_free(&s);
	return many;
}

/* ---- consolidate -------------------------------------------------------- */

static int
by_size(const void *a, const void *b)
{
	const struct pack_seen *p = a, *q = b;

	return p->size < q->size ? -1 : p->size > q->size;
}

/*
 * Leave out each pack that is larger than all smaller ones together: then an
 * object is copied only some log2(objects / 64) times in its life.
 */
static void
choose(struct scan *s)
{
	uint64_t sum = 0;

	if (s->npacks == 0)
		return;
	qsort(s->packs, s->npacks, sizeof s->packs[0], by_size);
	for (size_t i = 0; i < s->npacks; i++)
		sum += s->packs[i].size;
	while (s->npacks > 0) {
		uint64_t last = s->packs[s->npacks - 1].size;

		sum -= last;
		if (last <= sum && sum + last < PACKFILE_MAX / 2)
			break;
		s->npacks--;
	}
}

/* The names of all objects in the packs chosen. */
static fault
list_packs(struct oids *out, const struct scan *s)
{
	struct packread *p = NULL;
	struct oid oid;
	fault f = NULL;

	for (size_t i = 0; i < s->npacks && f == NULL; i++) {
		f = packread_open(&p, s->g, s->packs[i].name);
		for (uint32_t k = 0; f == NULL && k < packread_count(p) &&
		    out->n <= 2 * MERGED_MAX; k++)
			if ((f = packread_oid(&oid, p, k)) == NULL)
				oids_add(out, oid.b);
		packread_free(p);
		p = NULL;
	}
	return f;
}

static void
remove_packs(const struct scan *s)
{
	/* The index first: without it nobody begins to read the pack. */
	static const char *const suffix[] = { "idx", "bitmap", "rev", "mtimes",
	    "keep", "pack" };

	for (size_t i = 0; i < s->npacks; i++)
		for (size_t k = 0; k < sizeof suffix / sizeof suffix[0]; k++) {
			char *path = pack_path(s->g, s->packs[i].name,
			    suffix[k]);

			unlink(path);
			free(path);
		}
}

static void
remove_loose(const struct scan *s)
{
	for (size_t i = 0; i < s->loose.n; i++) {
		char hex[41], name[64], *path;

		oid_hex(hex, &s->loose.at[i]);
		snprintf(name, sizeof name, "objects/%.2s/%s", hex, hex + 2);
		path = gitdir_path(s->g, name);
		unlink(path);
		*strrchr(path, '/') = '\0';
		rmdir(path);	/* only when it is empty */
		free(path);
	}
}

static void
remove_old(void *arg, const char *path, const char *name)
{
	const time_t *before = arg;
	struct stat st;

	if (strncmp(name, "tmp_", 4) == 0 && lstat(path, &st) == 0 &&
	    S_ISREG(st.st_mode) && st.st_mtime < *before)
		unlink(path);
}

static fault
merge_packs(struct repo *r, struct scan *s)
{
	struct oids all = { NULL, 0, 0 };
	time_t before = time(NULL) - OLD_S;
	fault f = NULL;

	scan_loose(s);
	choose(s);
	if ((f = list_packs(&all, s)) != NULL)
		goto done;
	for (size_t i = 0; i < s->loose.n; i++)
		oids_add(&all, s->loose.at[i].b);
	oids_unique(&all);
	if ((s->npacks < 2 && s->loose.n == 0) || all.n > MERGED_MAX)
		goto done;
	/* An object that cannot be read stops it before anything is removed. */
	if ((f = repo_pack(r, all.at, all.n, &r->dir,
	    WIRE_KEYRING_MAX)) != NULL)
		goto done;
	remove_packs(s);
	remove_loose(s);
	names(&r->dir, "objects/pack", remove_old, &before);
	repo_refresh(r);
done:
	free(all.at);
	return f;
}

fault
repo_consolidate(struct repo *r)
{
	struct scan s = { &r->dir, NULL, 0, { NULL, 0, 0 } };
	struct lockfile l = LOCKFILE_NONE;
	bool got;
	fault f = NULL;

	names(&r->dir, "objects/pack", see_pack, &s);
	if (s.npacks <= PACKS_MANY && !loose_many(&r->dir))
		goto done;
	/*
	 * The lock saves work only.  Two at once would each remove just what
	 * stands in its own new pack, so nothing could be lost.
	 */
	f = lockfile_try(&l, &r->dir, "consolidate", BUSY_S, &got);
	if (f == NULL && got)
		f = merge_packs(r, &s);
	lockfile_drop(&l);
done:
	scan_free(&s);
	return f;
}

/* ---- tidy --------------------------------------------------------------- */

static void
remove_tmp(void *arg, const char *path, const char *name)
{
	(void)arg;
	if (strncmp(name, "tmp_", 4) == 0)
		unlink(path);
}

static void
remove_locks(void *arg, const char *path, const char *name)
{
	const struct gitdir *g = arg;
	size_t len = strlen(name);
	struct stat st;

	if (lstat(path, &st) != 0)
		return;
	if (S_ISDIR(st.st_mode))
		names(g, path + strlen(g->path) + 1, remove_locks, arg);
	else if (len >= 5 && strcmp(name + len - 5, ".lock") == 0)
		unlink(path);
}

static void
remove_lock_here(void *arg, const char *path, const char *name)
{
	if (strcmp(name, "objects") != 0)
		remove_locks(arg, path, name);
}

fault
repo_tidy(struct repo *r)
{
	names(&r->dir, ".", remove_lock_here, &r->dir);
	names(&r->dir, "objects", remove_tmp, NULL);
	names(&r->dir, "objects/pack", remove_tmp, NULL);
	return repo_consolidate(r);
}
