#include "fieldkit/sealed.h"

#include <string.h>

#include <sodium.h>

#include "sync/base/secret.h"

#define SECTOR 512		/* SQLite's, as POWERSAFE_OVERWRITE has it */
#define NOWHERE (-1)

static _Atomic unsigned odd;

/* --- shapes ----------------------------------------------------------- */

/* Never the bytes: only what shape they had. */
static int
refuse(int code, int n, sqlite3_int64 at)
{
	odd++;
	sqlite3_log(code, "vault: %d bytes at %lld", n, (long long)at);
	return code;
}

static int
below_read(struct sealed *f, void *to, int n, sqlite3_int64 at)
{
	return f->below->pMethods->xRead(f->below, to, n, at);
}

static int
below_write(struct sealed *f, const void *p, int n, sqlite3_int64 at)
{
	return f->below->pMethods->xWrite(f->below, p, n, at);
}

static bool
zeros(const uint8_t *p, size_t n)
{
	return sodium_is_zero(p, n) == 1;
}

static uint32_t
number_of(const uint8_t b[4])
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	    (uint32_t)b[2] << 8 | (uint32_t)b[3];
}

static void
number_put(uint8_t b[4], uint32_t v)
{
	for (int i = 0; i < 4; i++)
		b[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* --- database --------------------------------------------------------- */

/*
 * SQLite reads these 100 bytes before it locks and before a hot journal is
 * rolled back, only to learn the page and reserve sizes.  Page 1 may be torn
 * then, and a fault here would make the database unopenable for ever: so
 * they are constant, not read.  An empty file has none: VACUUM INTO sets the
 * sizes of its new file, and may not where they stand already.
 */
static int
read_header(struct sealed *f, uint8_t *to)
{
	sqlite3_int64 size = 0;
	int rc = f->below->pMethods->xFileSize(f->below, &size);

	memset(to, 0, 100);
	if (rc != SQLITE_OK || size == 0)
		return rc != SQLITE_OK ? rc : SQLITE_IOERR_SHORT_READ;
	memcpy(to, "SQLite format 3", 16);
	to[16] = PAGE_LEN >> 8;
	to[18] = to[19] = 1;		/* rollback journal */
	to[20] = PAGE_SPARE;
	to[21] = 64;
	to[22] = to[23] = 32;
	return SQLITE_OK;
}

/*
 * A page that ends early is damage; one that begins behind the end reads as
 * zeros, as SQLite has it.
 */
static int
short_page(struct sealed *f, uint8_t *to, sqlite3_int64 at)
{
	sqlite3_int64 size = 0;
	int rc = f->below->pMethods->xFileSize(f->below, &size);

	if (rc != SQLITE_OK)
		return rc;
	memset(to, 0, PAGE_LEN);
	return size > at ? SQLITE_IOERR_DATA : SQLITE_IOERR_SHORT_READ;
}

static int
read_page(struct sealed *f, uint8_t *to, sqlite3_int64 at)
{
	uint8_t sealed[PAGE_LEN];
	int rc = below_read(f, sealed, PAGE_LEN, at);

	if (rc == SQLITE_IOERR_SHORT_READ)
		return short_page(f, to, at);
	if (rc != SQLITE_OK)
		return rc;
	if (page_open(to, sealed, f->key, PAGE_DATABASE,
	    (uint32_t)(at / PAGE_LEN + 1)))
		return SQLITE_OK;
	memset(to, 0, PAGE_LEN);
	return SQLITE_IOERR_DATA;
}

/* The change counter: asked for after rollback, so page 1 must open. */
static int
read_counter(struct sealed *f, uint8_t *to)
{
	uint8_t page[PAGE_LEN];
	int rc = read_page(f, page, 0);

	memcpy(to, page + 24, 16);
	sodium_memzero(page, sizeof page);
	return rc;
}

static int
database_read(struct sealed *f, void *to, int n, sqlite3_int64 at)
{
	if (n == 100 && at == 0)
		return read_header(f, to);
	if (n == 16 && at == 24)
		return read_counter(f, to);
	if (n == PAGE_LEN && at % PAGE_LEN == 0)
		return read_page(f, to, at);
	return refuse(SQLITE_IOERR_READ, n, at);
}

/*
 * SQLite goes on using its buffer after the write, so the page is sealed
 * into ours.  Reserved bytes that are not zero would be lost: refuse them.
 */
static int
database_write(struct sealed *f, const uint8_t *p, int n,
    sqlite3_int64 at)
{
	uint8_t sealed[PAGE_LEN];

	if (n != PAGE_LEN || at % PAGE_LEN != 0 ||
	    !zeros(p + PAGE_TEXT, PAGE_SPARE))
		return refuse(SQLITE_IOERR_WRITE, n, at);
	page_seal(sealed, p, f->key, PAGE_DATABASE,
	    (uint32_t)(at / PAGE_LEN + 1));
	return below_write(f, sealed, PAGE_LEN, at);
}

/* --- journal ---------------------------------------------------------- */

static void
journal_restart(struct sealed *f)
{
	f->page_at = f->sum_at = NOWHERE;
	f->own_end = 0;
	f->torn = false;
}

/*
 * Its number stands before it.  A page that does not open in the journal of
 * a dead process is where the power went: SQLite gets filler, and with
 * read_four a checksum that never fits, and so ends the playback there.  In
 * what this process has written it is damage.
 */
static int
journal_read_page(struct sealed *f, uint8_t *to, sqlite3_int64 at)
{
	uint8_t record[4 + PAGE_LEN];
	int rc = below_read(f, record, sizeof record, at - 4);

	if (rc != SQLITE_OK) {
		memset(to, 0, PAGE_LEN);
		return rc;
	}
	f->sum_at = at + PAGE_LEN;
	memcpy(f->nonce, record + 4 + PAGE_TEXT, PAGE_NONCE);
	f->torn = !page_open(to, record + 4, f->key, PAGE_JOURNAL,
	    number_of(record));
	if (!f->torn)
		return SQLITE_OK;
	memset(to, 0xff, PAGE_LEN);
	return at < f->own_end ? SQLITE_IOERR_DATA : SQLITE_OK;
}

/* A number or field in clear, or the masked checksum behind a page. */
static int
journal_read_four(struct sealed *f, uint8_t *to, sqlite3_int64 at)
{
	uint32_t sum;
	int rc = below_read(f, to, 4, at);

	if (rc != SQLITE_OK || at != f->sum_at)
		return rc;
	sum = number_of(to) ^ page_mask(f->key, f->nonce);
	/* The sums of two pages differ by 5,100 at most: not by this. */
	if (f->torn)
		sum += 0x80000000u;
	number_put(to, sum);
	return SQLITE_OK;
}

/* One byte: is it hot?  Eight: the magic of a header or a super-journal. */
static int
journal_read(struct sealed *f, void *to, int n, sqlite3_int64 at)
{
	if (n == PAGE_LEN && at >= SECTOR + 4)
		return journal_read_page(f, to, at);
	if (n == 4)
		return journal_read_four(f, to, at);
	if (n == 8 || (n == 1 && at == 0))
		return below_read(f, to, n, at);
	return refuse(SQLITE_IOERR_READ, n, at);
}

static int
journal_write_page(struct sealed *f, const uint8_t *p, sqlite3_int64 at)
{
	uint8_t sealed[PAGE_LEN];
	int rc;

	f->page_at = NOWHERE;
	page_seal(sealed, p, f->key, PAGE_JOURNAL, f->number);
	rc = below_write(f, sealed, PAGE_LEN, at);
	if (rc != SQLITE_OK)
		return rc;
	memcpy(f->nonce, sealed + PAGE_TEXT, PAGE_NONCE);
	f->sum_at = at + PAGE_LEN;
	f->own_end = at + PAGE_LEN;
	return SQLITE_OK;
}

/*
 * The checksum is a sum of twenty bytes of plaintext and a clear number:
 * masked, or it would confirm guesses.
 */
static int
journal_write_four(struct sealed *f, const uint8_t *p, sqlite3_int64 at)
{
	uint8_t masked[4];

	if (at == f->sum_at) {
		f->sum_at = NOWHERE;
		number_put(masked, number_of(p) ^ page_mask(f->key, f->nonce));
		return below_write(f, masked, 4, at);
	}
	f->number = number_of(p);
	f->page_at = at + 4;
	return below_write(f, p, 4, at);
}

/*
 * In clear: a header (28 bytes, then zeros), its first 12 bytes again with
 * the count, and a zero over a stale magic.
 */
static bool
journal_clear(const uint8_t *p, int n, sqlite3_int64 at)
{
	if (at % SECTOR != 0)
		return false;
	return n == 12 || (n == 1 && p[0] == 0) ||
	    (n == SECTOR && zeros(p + 28, SECTOR - 28));
}

static int
journal_write(struct sealed *f, const uint8_t *p, int n,
    sqlite3_int64 at)
{
	if (n == PAGE_LEN && at == f->page_at &&
	    zeros(p + PAGE_TEXT, PAGE_SPARE))
		return journal_write_page(f, p, at);
	if (n == 4)
		return journal_write_four(f, p, at);
	if (journal_clear(p, n, at))
		return below_write(f, p, n, at);
	return refuse(SQLITE_IOERR_WRITE, n, at);
}

/* --- SQLite's methods ------------------------------------------------- */

static struct sealed *
of(sqlite3_file *file)
{
	return (struct sealed *)file;
}

static int
file_read_at(sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
	struct sealed *f = of(file);

	return f->journal ? journal_read(f, to, n, at) :
	    database_read(f, to, n, at);
}

static int
file_write_at(sqlite3_file *file, const void *p, int n, sqlite3_int64 at)
{
	struct sealed *f = of(file);

	return f->journal ? journal_write(f, p, n, at) :
	    database_write(f, p, n, at);
}

static int
file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct sealed *f = of(file);

	journal_restart(f);
	return f->below->pMethods->xTruncate(f->below, size);
}

static int
file_sync(sqlite3_file *file, int flags)
{
	sqlite3_file *b = of(file)->below;

	return b->pMethods->xSync(b, flags);
}

static int
file_size(sqlite3_file *file, sqlite3_int64 *size)
{
	sqlite3_file *b = of(file)->below;

	return b->pMethods->xFileSize(b, size);
}

/*
 * Has another file taken this one's place?  Then the store was rewritten:
 * what is read here would be old for ever, what is written lost, and the
 * journal beside it belongs to the new file.
 */
static bool
has_moved(sqlite3_file *below)
{
	int yes = 0;

	return below->pMethods->xFileControl(below, SQLITE_FCNTL_HAS_MOVED,
	    &yes) == SQLITE_OK && yes != 0;
}

/*
 * Asked once the lock is held, for who rewrites holds RESERVED until the new
 * file is in its place; so it cannot have moved under a writer's.
 */
static int
lock(sqlite3_file *file, int level)
{
	sqlite3_file *b = of(file)->below;
	int was = SQLITE_LOCK_NONE, rc;

	b->pMethods->xFileControl(b, SQLITE_FCNTL_LOCKSTATE, &was);
	rc = b->pMethods->xLock(b, level);
	if (rc != SQLITE_OK || was >= SQLITE_LOCK_RESERVED || !has_moved(b))
		return rc;
	rc = b->pMethods->xUnlock(b, was);
	return rc != SQLITE_OK ? rc : SQLITE_READONLY_DBMOVED;
}

static int
unlock(sqlite3_file *file, int level)
{
	sqlite3_file *b = of(file)->below;

	return b->pMethods->xUnlock(b, level);
}

static int
check_lock(sqlite3_file *file, int *held)
{
	sqlite3_file *b = of(file)->below;

	return b->pMethods->xCheckReservedLock(b, held);
}

/* Only what neither moves bytes nor maps them goes through. */
static int
control(sqlite3_file *file, int op, void *arg)
{
	sqlite3_file *b = of(file)->below;

	if (op == SQLITE_FCNTL_HAS_MOVED || op == SQLITE_FCNTL_LAST_ERRNO ||
	    op == SQLITE_FCNTL_LOCKSTATE)
		return b->pMethods->xFileControl(b, op, arg);
	return SQLITE_NOTFOUND;
}

static int
sector(sqlite3_file *file)
{
	(void)file;
	return SECTOR;
}

/*
 * A write of ours never damages its neighbours, and without this SQLite
 * writes journal headers of a page's length.  No atomic writes: they would
 * go around the journal.
 */
static int
character(sqlite3_file *file)
{
	(void)file;
	return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int
file_close(sqlite3_file *file)
{
	struct sealed *f = of(file);
	int rc = SQLITE_OK;

	if (f->below->pMethods != NULL)
		rc = f->below->pMethods->xClose(f->below);
	secret_free(f->key, sizeof *f->key);
	f->key = NULL;
	file->pMethods = NULL;
	return rc;
}

/* Version 1: no shared memory, so no WAL; no mapping of the file. */
static const sqlite3_io_methods methods = {
	1, file_close, file_read_at, file_write_at, file_truncate, file_sync,
	file_size, lock, unlock, check_lock, control, sector, character,
	NULL, NULL, NULL, NULL, NULL, NULL
};

int
sealed_open(struct sealed *f, sqlite3_vfs *below, const char *name, int flags,
    int *got)
{
	int rc;

	f->below = (sqlite3_file *)(void *)(f + 1);
	f->below->pMethods = NULL;
	f->journal = (flags & SQLITE_OPEN_MAIN_JOURNAL) != 0;
	journal_restart(f);
	rc = below->xOpen(below, name, f->below, flags, got);
	if (rc != SQLITE_OK)
		file_close(&f->base);
	else
		f->base.pMethods = &methods;
	return rc;
}

unsigned
sealed_odd(void)
{
	return odd;
}
