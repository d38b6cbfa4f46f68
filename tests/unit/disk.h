/*
 * disk -- a disk in memory below the vault, for tests of power cuts and
 * failing hardware.
 *
 * A VFS named "disk".  It can log what is done to it, so that any state that
 * a power cut may leave can be made; and it can fail the n-th operation.
 */
#ifndef TESTS_UNIT_DISK_H
#define TESTS_UNIT_DISK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#define DISK_FILES 4
#define DISK_SECTOR 512u

struct disk_file {
	char		name[128];
	uint8_t		*at;
	size_t		len;
	bool		there;
};

enum disk_what { DISK_WRITE, DISK_TRUNCATE, DISK_SYNC, DISK_CREATE };

struct disk_op {
	enum disk_what	what;
	int		file;
	size_t		at, len;
	uint8_t		*data;
};

enum disk_fault { DISK_WELL, DISK_ONCE, DISK_STICKY, DISK_FULL };

static struct disk {
	struct disk_file files[DISK_FILES];
	bool		logging;
	struct disk_op	*log;
	size_t		nlog;
	enum disk_fault	fault;
	unsigned	count;		/* operations that could have failed */
	unsigned	fail_at;	/* 0: never */
	unsigned	failed;		/* how many did */
	bool		frozen;		/* as if the process were dead */
} disk;

struct disk_handle {
	sqlite3_file	base;
	int		file;
};

/* --- what a test does ------------------------------------------------- */

static inline void
disk_room(struct disk_file *f, size_t len)
{
	uint8_t *p;

	if (len <= f->len)
		return;
	/* Exactly as long, so that a sanitizer sees the first byte beyond. */
	if ((p = realloc(f->at, len)) == NULL)
		abort();
	memset(p + f->len, 0, len - f->len);
	f->at = p;
	f->len = len;
}

static inline struct disk_file *
disk_find(const char *name)
{
	for (int i = 0; i < DISK_FILES; i++)
		if (strcmp(disk.files[i].name, name) == 0)
			return &disk.files[i];
	for (int i = 0; i < DISK_FILES; i++)
		if (disk.files[i].name[0] == '\0') {
			snprintf(disk.files[i].name,
			    sizeof disk.files[i].name, "%s", name);
			return &disk.files[i];
		}
	abort();
}

static inline void
disk_set(struct disk_file *f, const uint8_t *at, size_t len)
{
	free(f->at);
	f->at = NULL;
	f->len = 0;
	disk_room(f, len);
	if (len > 0)
		memcpy(f->at, at, len);
	f->there = true;
}

static inline void
disk_put(const char *name, const uint8_t *at, size_t len)
{
	disk_set(disk_find(name), at, len);
}

static inline void
disk_clear(void)
{
	for (int i = 0; i < DISK_FILES; i++)
		free(disk.files[i].at);
	for (size_t i = 0; i < disk.nlog; i++)
		free(disk.log[i].data);
	free(disk.log);
	memset(&disk, 0, sizeof disk);
}

static inline void
disk_fail(enum disk_fault how, unsigned at)
{
	disk.fault = how;
	disk.fail_at = at;
	disk.count = disk.failed = 0;
}

/* --- the VFS ---------------------------------------------------------- */

static inline bool
disk_fails(bool write)
{
	bool now;

	if (disk.frozen)
		return true;
	if (disk.fault == DISK_WELL || (disk.fault == DISK_FULL && !write))
		return false;
	now = ++disk.count == disk.fail_at;
	if (disk.fault != DISK_ONCE && disk.failed > 0)
		now = true;
	disk.failed += now;
	return now;
}

static inline void
disk_log(enum disk_what what, int file, size_t at, const void *p, size_t len)
{
	struct disk_op *op;

	if (!disk.logging)
		return;
	disk.log = realloc(disk.log, (disk.nlog + 1) * sizeof *disk.log);
	if (disk.log == NULL)
		abort();
	op = &disk.log[disk.nlog++];
	*op = (struct disk_op){ what, file, at, len, NULL };
	if (p != NULL) {
		if ((op->data = malloc(len)) == NULL)
			abort();
		memcpy(op->data, p, len);
	}
}

static inline struct disk_file *
disk_of(sqlite3_file *h)
{
	return &disk.files[((struct disk_handle *)h)->file];
}

static inline int
disk_close(sqlite3_file *h)
{
	h->pMethods = NULL;
	return SQLITE_OK;
}

static inline int
disk_read(sqlite3_file *h, void *to, int n, sqlite3_int64 at)
{
	struct disk_file *f = disk_of(h);
	size_t off = (size_t)at, got;

	if (disk_fails(false))
		return SQLITE_IOERR_READ;
	got = off >= f->len ? 0 : f->len - off;
	if (got > (size_t)n)
		got = (size_t)n;
	if (got > 0)
		memcpy(to, f->at + off, got);
	memset((uint8_t *)to + got, 0, (size_t)n - got);
	return got == (size_t)n ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static inline int
disk_write(sqlite3_file *h, const void *p, int n, sqlite3_int64 at)
{
	struct disk_file *f = disk_of(h);

	if (disk_fails(true))
		return disk.fault == DISK_FULL ? SQLITE_FULL :
		    SQLITE_IOERR_WRITE;
	disk_room(f, (size_t)at + (size_t)n);
	memcpy(f->at + at, p, (size_t)n);
	disk_log(DISK_WRITE, (int)(f - disk.files), (size_t)at, p, (size_t)n);
	return SQLITE_OK;
}

static inline int
disk_truncate(sqlite3_file *h, sqlite3_int64 size)
{
	struct disk_file *f = disk_of(h);

	if (disk_fails(false))
		return SQLITE_IOERR_TRUNCATE;
	if ((size_t)size < f->len) {
		f->len = (size_t)size;
		f->at = realloc(f->at, f->len == 0 ? 1 : f->len);
	}
	disk_log(DISK_TRUNCATE, (int)(f - disk.files), (size_t)size, NULL, 0);
	return SQLITE_OK;
}

static inline int
disk_sync(sqlite3_file *h, int flags)
{
	(void)flags;
	if (disk_fails(false))
		return SQLITE_IOERR_FSYNC;
	disk_log(DISK_SYNC, ((struct disk_handle *)h)->file, 0, NULL, 0);
	return SQLITE_OK;
}

static inline int
disk_size(sqlite3_file *h, sqlite3_int64 *size)
{
	if (disk_fails(false))
		return SQLITE_IOERR_FSTAT;
	*size = (sqlite3_int64)disk_of(h)->len;
	return SQLITE_OK;
}

/* One connection at a time: nobody to lock out. */
static inline int
disk_lock(sqlite3_file *h, int level)
{
	(void)h, (void)level;
	return SQLITE_OK;
}

static inline int
disk_reserved(sqlite3_file *h, int *held)
{
	(void)h;
	*held = 0;
	return SQLITE_OK;
}

static inline int
disk_control(sqlite3_file *h, int op, void *arg)
{
	(void)h, (void)op, (void)arg;
	return SQLITE_NOTFOUND;
}

static inline int
disk_sector(sqlite3_file *h)
{
	(void)h;
	return 4096;
}

static inline int
disk_character(sqlite3_file *h)
{
	(void)h;
	return 0;
}

static const sqlite3_io_methods disk_methods = {
	1, disk_close, disk_read, disk_write, disk_truncate, disk_sync,
	disk_size, disk_lock, disk_lock, disk_reserved, disk_control,
	disk_sector, disk_character, NULL, NULL, NULL, NULL, NULL, NULL
};

static inline int
disk_open(sqlite3_vfs *v, const char *name, sqlite3_file *h, int flags,
    int *got)
{
	struct disk_file *f;

	(void)v;
	h->pMethods = NULL;
	if (disk_fails(false))
		return SQLITE_CANTOPEN;
	f = disk_find(name);
	if (!f->there && !(flags & SQLITE_OPEN_CREATE))
		return SQLITE_CANTOPEN;
	if (!f->there)
		disk_log(DISK_CREATE, (int)(f - disk.files), 0, NULL, 0);
	f->there = true;
	((struct disk_handle *)h)->file = (int)(f - disk.files);
	h->pMethods = &disk_methods;
	if (got != NULL)
		*got = flags;
	return SQLITE_OK;
}

/* The journal is truncated, never deleted: but for one beside an empty
 * database, and that is as good as truncated. */
static inline int
disk_delete(sqlite3_vfs *v, const char *name, int sync)
{
	struct disk_file *f = disk_find(name);

	(void)v, (void)sync;
	if (disk_fails(false))
		return SQLITE_IOERR_DELETE;
	f->len = 0;
	disk_log(DISK_TRUNCATE, (int)(f - disk.files), 0, NULL, 0);
	return SQLITE_OK;
}

static inline int
disk_access(sqlite3_vfs *v, const char *name, int flags, int *yes)
{
	(void)v, (void)flags;
	if (disk_fails(false))
		return SQLITE_IOERR_ACCESS;
	*yes = disk_find(name)->there;
	return SQLITE_OK;
}

static inline int
disk_path(sqlite3_vfs *v, const char *name, int n, char *to)
{
	(void)v;
	sqlite3_snprintf(n, to, "%s", name);
	return SQLITE_OK;
}

static inline int
disk_sleep(sqlite3_vfs *v, int us)
{
	(void)v;
	return us;
}

static inline int
disk_now(sqlite3_vfs *v, double *to)
{
	(void)v;
	*to = 2460000.5;
	return SQLITE_OK;
}

static inline int
disk_error(sqlite3_vfs *v, int n, char *to)
{
	(void)v, (void)n, (void)to;
	return 0;
}

static inline void
disk_start(void)
{
	static sqlite3_vfs v = { .iVersion = 1,
	    .szOsFile = sizeof(struct disk_handle), .mxPathname = 120,
	    .zName = "disk", .xOpen = disk_open, .xDelete = disk_delete,
	    .xAccess = disk_access, .xFullPathname = disk_path,
	    .xSleep = disk_sleep, .xCurrentTime = disk_now,
	    .xGetLastError = disk_error };

	sqlite3_vfs_register(&v, 0);
}

#endif
